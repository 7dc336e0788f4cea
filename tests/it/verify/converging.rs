//! Every fix that is shown converges: whatever is done to one object of the tenancy, the shown SQL makes it clean again.
//!
//! The changes are made from the live catalog by `mutations.sql`. A normal run takes a sample of every kind;
//! `VITAL_FAULTS=long` makes them all, and `VITAL_FAULTS_SEED` picks another sample.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::restored::program;
use super::verify;
use crate::support::{Database, Template};

/// How many of each kind a normal run makes.
const SAMPLE: usize = 3;

struct Mutation {
    kind: String,
    statement: String,
}

/// How a mutation ended.
enum End {
    /// The server refused it.
    Impossible,
    /// It changed nothing that is promised.
    Same,
    Converged,
    Wrong(String),
}

#[test]
fn shown_fixes_converge_for_any_change_of_any_object() {
    let mut db = Database::create(Template::Migrated);
    let all = mutations(&db);
    assert!(all.len() > 800, "{}", all.len());
    let long = std::env::var("VITAL_FAULTS").is_ok_and(|value| value == "long");
    let seed = std::env::var("VITAL_FAULTS_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let chosen: Vec<&Mutation> = match long {
        true => all.iter().collect(),
        false => sample(&all, seed.unwrap_or(1)),
    };
    let (mut impossible, mut same, mut converged, mut wrong) = (0, 0, 0, Vec::new());
    for mutation in &chosen {
        let end = converge(&db, mutation);
        let soiled = matches!(end, End::Wrong(_) | End::Same);
        match end {
            End::Impossible => impossible += 1,
            End::Same => same += 1,
            End::Converged => converged += 1,
            End::Wrong(why) => wrong.push(format!("{}: {}\n{why}", mutation.kind, mutation.statement)),
        }
        if soiled {
            db = Database::create(Template::Migrated);
        }
    }
    println!(
        "{converged} converged, {same} changed nothing, {impossible} were refused by the server, {} did not",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    // What a sample is worth is what it could do.
    assert!(converged * 2 > chosen.len(), "{converged} of {}", chosen.len());
    if long {
        assert!(converged >= 600, "{converged}");
    }
}

fn mutations(db: &Database) -> Vec<Mutation> {
    let sql = include_str!("mutations.sql");
    let mut client = db.superuser();
    client.batch_execute("set search_path = pg_catalog").unwrap();
    let rows = client.query(sql, &[]).unwrap();
    rows.iter()
        .map(|row| Mutation {
            kind: row.get("kind"),
            statement: row.get("statement"),
        })
        .collect()
}

/// Some of each kind, spread over its list.
fn sample(all: &[Mutation], seed: usize) -> Vec<&Mutation> {
    let mut kinds: Vec<&str> = all.iter().map(|mutation| mutation.kind.as_str()).collect();
    kinds.dedup();
    kinds
        .iter()
        .flat_map(|kind| {
            let of_kind: Vec<&Mutation> = all.iter().filter(|mutation| mutation.kind == *kind).collect();
            let step = (of_kind.len() / SAMPLE).max(1);
            let start = seed.wrapping_mul(7919) % step;
            of_kind.into_iter().skip(start).step_by(step).take(SAMPLE)
        })
        .collect()
}

fn converge(db: &Database, mutation: &Mutation) -> End {
    let sql = format!(
        "begin; set local search_path = pg_catalog; set allow_system_table_mods = on; {}; commit;",
        mutation.statement
    );
    if psql(db, &sql).is_err() {
        return End::Impossible;
    }
    let report = verify(db, &["--skip", "behaviour-*"]);
    let findings = report["findings"].as_array().unwrap();
    if findings.is_empty() {
        return End::Same;
    }
    let mut done: Vec<&str> = Vec::new();
    for finding in findings {
        let Some(fix) = finding["fix"].as_str().filter(|fix| !done.contains(fix)) else {
            continue;
        };
        done.push(fix);
        if let Err(error) = psql(db, fix) {
            return End::Wrong(format!("{error}\n{fix}"));
        }
    }
    let report = verify(db, &["--skip", "behaviour-*"]);
    let left = &report["findings"];
    match left == &Value::Array(Vec::new()) && report["verdict"] == "passed" {
        true => End::Converged,
        false => End::Wrong(format!("{left:#}{:#}", report["not_checked"])),
    }
}

/// Runs SQL as a person does who pastes it into psql.
fn psql(db: &Database, sql: &str) -> Result<(), String> {
    let mut child = Command::new(program("psql"))
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d"])
        .arg(db.url_as(&db.address().superuser))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(sql.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
