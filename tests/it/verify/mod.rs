//! `vital verify`: every check is shown damage and finds exactly that.

mod behaviour;
mod clean;
mod converging;
mod data;
mod drift;
mod exposure;
mod internals;
mod others;
mod output;
mod real;
mod restored;
mod roles;
mod shape;
mod shape_code;
mod snapshot;
mod unmade;

use serde_json::Value;

use crate::support::{Database, Run};

/// A damage, what must be found, and what the suggested fixes leave to clean up.
pub struct Case {
    /// SQL that the superuser runs.
    pub damage: &'static str,
    /// Check and object of each finding; for checks that act as users the object is `*`.
    pub found: &'static [(&'static str, &'static str)],
    /// SQL that removes what is left after the fixes.
    pub cleanup: &'static str,
}

/// Makes each damage in turn, sees exactly what is to be found, runs the suggested fixes and sees nothing any more.
#[track_caller]
pub fn show(db: &Database, cases: &[Case]) {
    let mut wrong = Vec::new();
    for case in cases {
        run_as_superuser(db, case.damage);
        let report = verify(db, &[]);
        if found(&report) != expected(case) {
            wrong.push(format!("{}\n  found {:#?}", case.damage, found(&report)));
        }
        mend(db, &report);
        let report = verify(db, &[]);
        if !found(&report).is_empty() {
            wrong.push(format!(
                "mended: {}\n  found {:#}",
                case.damage, report["findings"]
            ));
        }
        run_as_superuser(db, case.cleanup);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs SQL as the superuser.
#[track_caller]
pub fn run_as_superuser(db: &Database, sql: &str) {
    let done = db.superuser().batch_execute(sql);
    done.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// The JSON report.
#[track_caller]
pub fn verify(db: &Database, arguments: &[&str]) -> Value {
    let all = [&["verify", "-o", "json"], arguments].concat();
    parsed(&db.vital(&all))
}

/// The JSON report of a run.
#[track_caller]
pub fn parsed(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
}

/// Check and object of each finding, sorted, `*` in place of what actors did.
pub fn found(report: &Value) -> Vec<(String, String)> {
    let text = |finding: &Value, field: &str| finding[field].as_str().unwrap_or_default().to_owned();
    let findings = report["findings"].as_array().expect("a list of findings");
    let mut found: Vec<_> = findings
        .iter()
        .map(|finding| (text(finding, "check_id"), text(finding, "object")))
        .map(|(check, object)| match check.starts_with("behaviour-") {
            true => (check, "*".to_owned()),
            false => (check, object),
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

fn expected(case: &Case) -> Vec<(String, String)> {
    let owned = |(check, object): &(&str, &str)| ((*check).to_owned(), (*object).to_owned());
    let mut expected: Vec<_> = case.found.iter().map(owned).collect();
    expected.sort();
    expected
}

/// Runs every suggested fix as it is written; statements that want to be alone are sent alone.
fn mend(db: &Database, report: &Value) {
    let mut client = db.superuser();
    let mut done: Vec<&str> = Vec::new();
    for finding in report["findings"].as_array().unwrap() {
        let Some(fix) = finding["fix"].as_str() else {
            continue;
        };
        if done.contains(&fix) {
            continue;
        }
        done.push(fix);
        let pieces: Vec<&str> = match fix.to_lowercase().contains("concurrently") {
            true => fix.split(";\n").collect(),
            false => vec![fix],
        };
        for sql in pieces {
            let mended = client.batch_execute(sql);
            mended.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        }
    }
}
