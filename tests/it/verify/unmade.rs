//! A check that could not run never counts as passed, whatever kept it from running.

use serde_json::Value;

use super::{parsed, run_as_superuser, verify};
use crate::support::{Database, Run, Template};

/// No row fits any more, so nobody can act on one.
const CLOSED: &str = "alter table public.agents add constraint agents_closed_check check (false) not valid";

fn ids(report: &Value, list: &str) -> Vec<String> {
    let entries = report[list].as_array().unwrap();
    let id = |entry: &Value| entry["check_id"].as_str().or(entry.as_str()).unwrap().to_owned();
    entries.iter().map(id).collect()
}

#[test]
fn checks_that_could_not_act_end_with_4_and_say_so_in_every_format() {
    let db = Database::create(Template::Migrated);
    run_as_superuser(&db, CLOSED);
    let run = db.vital(&["verify"]).failure(4);
    assert!(
        run.stdout.contains("not checked: ") && run.stdout.contains("agents_closed_check"),
        "{run}"
    );
    assert!(
        run.stdout
            .contains("not verified, because not everything was checked"),
        "{run}"
    );

    let report = parsed(&db.vital(&["verify", "-o", "json"]).failure(4));
    assert_eq!(report["verdict"], "not_checked");
    assert!(
        ids(&report, "not_checked").contains(&"behaviour-visibility".to_owned()),
        "{report:#}"
    );
    assert!(
        !ids(&report, "passed")
            .iter()
            .any(|id| id.starts_with("behaviour-")),
        "{report:#}"
    );

    for format in ["csv", "yaml"] {
        let run = db.vital(&["verify", "-o", format]).failure(4);
        assert!(run.stdout.contains("agents_closed_check"), "{run}");
    }

    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (junit, sarif) = (
        format!("junit={}", path("v.xml")),
        format!("sarif={}", path("v.sarif")),
    );
    let arguments = [
        "verify", "--report", &junit, "--report", &sarif, "--report", "github",
    ];
    let run = db.vital(&arguments).failure(4);
    assert!(
        run.stderr
            .contains("::error title=not checked::behaviour-visibility: "),
        "{run}"
    );
    let xml = std::fs::read_to_string(path("v.xml")).unwrap();
    assert!(xml.contains("<error message=\"not checked: "), "{xml}");
    let log: Value = serde_json::from_str(&std::fs::read_to_string(path("v.sarif")).unwrap()).unwrap();
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    assert_eq!(invocation["exitCode"], 4);
    assert_eq!(invocation["toolExecutionNotifications"][0]["level"], "error");
}

#[test]
fn what_could_not_run_is_accepted_only_by_name() {
    let db = Database::create(Template::Migrated);
    run_as_superuser(&db, CLOSED);
    let report = parsed(
        &db.vital(&["verify", "-o", "json", "--allow-not-checked"])
            .success(),
    );
    assert_eq!(report["verdict"], "passed");
    assert_eq!(report["not_checked"][0]["accepted"], "by --allow-not-checked");
    assert!(
        !ids(&report, "passed")
            .iter()
            .any(|id| id.starts_with("behaviour-")),
        "{report:#}"
    );
    db.vital(&["verify", "--allow-not-checked=behaviour-*"]).success();
    db.vital(&["verify", "--allow-not-checked=behaviour-visibility"])
        .failure(4);
    db.vital(&["verify", "--allow-not-checked=behavior-*"]).failure(2);

    let accepting = |object: &str, until: &str| {
        let text = format!(
            "verify:\n  exceptions:\n    - check: '*'\n      object: '{object}'\n      reason: a trial\n      until: {until}\n"
        );
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vital.yaml");
        std::fs::write(&path, text).unwrap();
        Run::of(db.command(&["verify", "-o", "json", "--config"]).arg(path))
    };
    let report = parsed(&accepting("not checked", "2999-12-31").success());
    assert_eq!(report["not_checked"][0]["accepted"], "a trial, until 2999-12-31");
    accepting("*", "2999-12-31").failure(4);
    let report = parsed(&accepting("not checked", "2020-01-01").failure(4));
    assert_eq!(report["expired_exceptions"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_check_without_its_relation_does_not_pass() {
    let db = Database::create(Template::Migrated);
    run_as_superuser(&db, "drop table auth.users cascade");
    let report = verify(&db, &["--only", "unknown-users"]);
    assert_eq!(report["passed"], serde_json::json!([]));
    assert_eq!(ids(&report, "not_applicable"), ["unknown-users"]);

    run_as_superuser(&db, "drop table public.agents cascade");
    let report = parsed(
        &db.vital(&["verify", "--only", "agents-without-key", "-o", "json"])
            .failure(4),
    );
    assert_eq!(ids(&report, "not_checked"), ["agents-without-key"]);
    assert_eq!(report["not_checked"][0]["reason"], "there is no public.agents");
}

#[test]
fn a_session_that_may_not_look_or_write_verifies_nothing() {
    for setting in [
        "role = anon",
        "role = authenticated",
        "default_transaction_read_only = on",
    ] {
        let db = Database::create(Template::Migrated);
        run_as_superuser(&db, &format!("alter database {} set {setting}", db.name()));
        let run = db.vital(&["verify", "-o", "json"]);
        let report = parsed(&run);
        let unmade = ids(&report, "not_checked").len();
        // Whatever the session makes of the setting, it is told apart from a pass.
        assert_eq!(
            (run.code == 0, report["verdict"] == "passed"),
            (unmade == 0, unmade == 0),
            "{setting}: {run}"
        );
        assert_eq!(run.code, if unmade == 0 { 0 } else { 4 }, "{setting}: {run}");
    }
}
