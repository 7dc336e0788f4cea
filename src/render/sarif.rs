//! SARIF 2.1.0, for code scanning.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::json;
use crate::ops::verify::{Check, Finding, Level, Verification, checks};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// Writes the findings as results, each with its check as rule and the object as logical location.
///
/// Code scanning wants a place in a file, so every result points to `vital.yaml`, where exceptions are noted.
///
/// # Errors
/// Those of `out`.
pub fn write(verification: &Verification, out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<Value> = checks().iter().map(rule).collect();
    let accepted = verification.excepted.iter().map(|excepted| {
        let mut result = result(&excepted.finding);
        result["suppressions"] = json!([{"kind": "external", "justification": excepted.reason}]);
        result
    });
    let results: Vec<Value> = verification.findings.iter().map(result).chain(accepted).collect();
    let notifications: Vec<Value> = verification
        .not_checked
        .iter()
        .map(|not| {
            json!({
                "level": if not.accepted.is_some() { "note" } else { "error" },
                "message": {"text": format!("not checked: {}", not.reason)},
                "associatedRule": {"id": not.check_id},
            })
        })
        .collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "vital",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "invocations": [{
                "executionSuccessful": verification.not_checked.iter().all(|not| not.accepted.is_some()),
                "exitCode": verification.verdict.exit_code(),
                "toolExecutionNotifications": notifications,
            }],
            "results": results,
            "properties": {"database": verification.database, "pending": verification.pending},
        }],
    });
    writeln!(out, "{}", json::line(&log)?)
}

fn rule(check: &Check) -> Value {
    json!({
        "id": check.id,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.explanation},
        "help": {"text": check.fix},
        "defaultConfiguration": {"level": level(check.level)},
    })
}

fn result(finding: &Finding) -> Value {
    let fix = finding
        .fix
        .as_ref()
        .map(|fix| format!("\n\n{fix}"))
        .unwrap_or_default();
    json!({
        "ruleId": finding.check_id,
        "level": level(finding.level),
        "message": {"text": format!(
            "{}: expected {}, found {}. {}{fix}",
            finding.object, finding.expected, finding.actual, finding.explanation
        )},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": {"uri": "vital.yaml"},
                "region": {"startLine": 1},
            },
            "logicalLocations": [{"fullyQualifiedName": finding.object}],
        }],
        "partialFingerprints": {"vital/v1": format!("{}|{}", finding.check_id, finding.object)},
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "note",
    }
}
