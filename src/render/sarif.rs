//! SARIF 2.1.0, for code scanning.

use std::collections::HashSet;
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
    let mut prints = Prints::default();
    let mut results: Vec<Value> = Vec::new();
    for finding in &verification.findings {
        results.push(result(finding, &prints.of(finding)));
    }
    for excepted in &verification.excepted {
        let mut result = result(&excepted.finding, &prints.of(&excepted.finding));
        result["suppressions"] = json!([{"kind": "external", "justification": excepted.reason}]);
        results.push(result);
    }
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

/// The page of a check; without a known repository a name for it, because the schema wants an absolute URI.
fn help(id: &str) -> String {
    match env!("CARGO_PKG_REPOSITORY") {
        "" => format!("urn:vital:check:{id}"),
        repository => format!(
            "{repository}/blob/v{}/docs/checks.md#{id}",
            env!("CARGO_PKG_VERSION")
        ),
    }
}

/// The fingerprints that were given, each once.
#[derive(Default)]
struct Prints(HashSet<String>);

impl Prints {
    /// That of a finding: its check and object, with what was expected where this is not one of a kind.
    fn of(&mut self, finding: &Finding) -> String {
        let plain = format!("{}|{}", finding.check_id, finding.object);
        let full = format!("{plain}|{}", finding.expected);
        let numbered = (2..).map(|number| format!("{full}|{number}"));
        let free = [plain, full.clone()]
            .into_iter()
            .chain(numbered)
            .find(|print| !self.0.contains(print));
        // There is always a number that is free.
        let print = free.unwrap_or(full);
        self.0.insert(print.clone());
        print
    }
}

fn rule(check: &Check) -> Value {
    json!({
        "id": check.id,
        "shortDescription": {"text": check.title},
        "fullDescription": {"text": check.explanation},
        "help": {"text": check.fix},
        "helpUri": help(&check.id),
        "defaultConfiguration": {"level": level(check.level)},
    })
}

fn result(finding: &Finding, print: &str) -> Value {
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
        "partialFingerprints": {"vital/v1": print},
    })
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_of_one_object_have_fingerprints_of_their_own() {
        let finding = |expected: &str| {
            let mut finding = Finding::default();
            finding.expected = expected.to_owned();
            finding
        };
        let verification = Verification {
            findings: vec![finding("a"), finding("b"), finding("b"), finding("b")],
            ..Verification::default()
        };
        let mut out = Vec::new();
        assert!(write(&verification, &mut out).is_ok());
        let log: Value = serde_json::from_slice(&out).unwrap_or_default();
        let prints: HashSet<String> = log["runs"][0]["results"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|result| result["partialFingerprints"]["vital/v1"].to_string())
            .collect();
        assert_eq!(prints.len(), 4, "{prints:?}");
    }
}
