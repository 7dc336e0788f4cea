//! `vital doctor`: what it finds, each with the next step, and that it changes nothing.

mod rights;
mod servers;

use serde_json::Value;

use crate::support::pooler::{Mode, Pooler};
use crate::support::{Database, Run, Template};

fn doctor(database: &Database) -> (Run, Value) {
    examined(database.vital(&["doctor", "-o", "json"]))
}

fn examined(run: Run) -> (Run, Value) {
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"));
    assert_eq!(report["schema"], "vital.doctor/1");
    // The server's release may lack a fix; that is not this test's concern.
    let other = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|f| f["state"] == "problem");
    assert_eq!(run.code, i32::from(other.count() > 0), "{run}");
    (run, report)
}

/// The findings of a check, as `state: fact` and the next step.
fn findings(report: &Value, check: &str) -> Vec<(String, String)> {
    let all = report["findings"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    all.filter(|finding| finding["check"] == check)
        .map(|finding| {
            (
                format!("{}: {}", text(&finding["state"]), text(&finding["fact"])),
                text(&finding["next"]),
            )
        })
        .collect()
}

#[track_caller]
fn found(report: &Value, check: &str, fact: &str, next: &str) {
    let all = findings(report, check);
    let fits = |(f, n): &(String, String)| f.contains(fact) && n.contains(next);
    assert!(
        all.iter().any(fits),
        "{check}: `{fact}` `{next}` is not among {all:#?}"
    );
}

#[test]
fn a_healthy_database_has_no_problem_but_the_servers_release() {
    let database = Database::create(Template::Migrated);
    let (run, report) = doctor(&database);
    for (check, fact) in [
        ("path", "ok: socket /"),
        ("tls", "ok: not encrypted, and needs not be"),
        ("pooler", "ok: none is noticed"),
        ("version", ": PostgreSQL 1"),
        ("replication", "ok: a primary"),
        ("clock", "ok: agrees"),
        ("connections", "ok: "),
        ("identity", "ok: postgres (bypasses row security, creates roles)"),
        ("migrate up", "ok: nothing stands in its way"),
        ("privileges", "ok: the role may run every command"),
        ("service_role", "ok: bypasses row security"),
        ("authenticated", "ok: is bound by row security"),
        ("auth.uid()", "ok: exists, and authenticated may call it"),
        ("history", "ok: 4 applied, 0 pending"),
        ("policies", "ok: no leftover widens access"),
        ("size", "nothing is pending"),
        ("disk", "migration history"),
    ] {
        found(&report, check, fact, "");
    }
    let findings = report["findings"].as_array().unwrap();
    let problems = findings.iter().filter(|f| f["state"] == "problem");
    for problem in problems {
        assert!(problem["check"].as_str().unwrap().starts_with("CVE-"), "{run}");
    }
    let table = database.vital(&["doctor"]);
    assert!(table.stdout.starts_with("state"), "{table}");
    assert!(table.stdout.contains("notes: "), "{table}");
    let csv = database.vital(&["doctor", "-o", "csv"]);
    assert!(csv.stdout.starts_with("state,area,check,fact,next\n"), "{csv}");
    let mut areas: Vec<&str> = findings.iter().filter_map(|f| f["area"].as_str()).collect();
    areas.dedup();
    assert_eq!(areas, ["connection", "server", "role", "api", "database"]);
}

#[test]
fn what_is_pending_is_estimated_and_leftovers_are_shown() {
    let database = Database::create(Template::PreState);
    let (_, report) = doctor(&database);
    found(
        &report,
        "history",
        "note: 0 applied, 4 pending",
        "vital migrate up",
    );
    found(
        &report,
        "policies",
        "note: \"Anyone can view active agents\" lets everybody read",
        "--replace-policies",
    );
    found(
        &report,
        "size",
        "agents: migration 2 locks them for about 10 ms",
        "",
    );
    let schemas = "select count(*) from pg_namespace where nspname like 'vital%'";
    let written: i64 = database.client().query_one(schemas, &[]).unwrap().get(0);
    assert_eq!(written, 0);
}

#[test]
fn a_plain_server_is_told_what_it_lacks() {
    let (run, report) = doctor(&Database::create(Template::Plain));
    assert_eq!(run.code, 1);
    found(
        &report,
        "anon",
        "problem: the role does not exist",
        "vital bootstrap",
    );
    found(
        &report,
        "auth.uid()",
        "problem: the function does not exist",
        "vital bootstrap",
    );
    found(
        &report,
        "migrate up",
        "problem: there is no table public.agents",
        "is this the right database",
    );
    found(&report, "identity", "note: postgres (superuser", "is enough");
}

#[test]
fn policies_locks_and_settings_that_hurt_are_problems() {
    let database = Database::create(Template::Migrated);
    let name = database.name();
    let mut client = database.client();
    client
        .batch_execute(
            "create policy open on public.agents for select using (true);
             alter table public.user_roles disable row level security",
        )
        .unwrap();
    database
        .superuser()
        .batch_execute(&format!(
            "alter database {name} set app.tenant_id = 'x';
             alter database {name} set row_security = off;
             alter database {name} set statement_timeout = '8s';
             alter database {name} set idle_session_timeout = '1min'"
        ))
        .unwrap();
    client
        .batch_execute("begin; select count(*) from public.agents")
        .unwrap();
    let pid: i32 = client.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    let (run, report) = doctor(&database);
    assert_eq!(run.code, 1);
    found(
        &report,
        "policies",
        "problem: \"open\" lets everybody read every row",
        "drop policy \"open\" on public.agents",
    );
    found(
        &report,
        "row security",
        "problem: off on public.user_roles",
        "enable row level security",
    );
    found(
        &report,
        "settings",
        &format!("problem: app.tenant_id = x for database {name}: every session begins with"),
        &format!("alter database \"{name}\" reset app.tenant_id"),
    );
    found(
        &report,
        "settings",
        "problem: row_security = off",
        "reset row_security",
    );
    found(&report, "settings", "ok: statement_timeout = 8s", "");
    found(&report, "settings", "note: idle_session_timeout = 1min", "--yes");
    found(&report, "locks", &format!("note: pid {pid} "), "");
}

#[test]
fn nobody_there_ends_with_7() {
    let database = Database::create(Template::Empty);
    let mut command = database.command(&["doctor"]);
    command.env("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none");
    Run::of(&mut command).failure(7);
}

#[test]
fn a_pooler_is_noticed_by_what_it_does() {
    let database = Database::create(Template::Migrated);
    for (mode, fact) in [
        (Mode::Transaction, "note: a pooler in transaction mode"),
        (Mode::Session, "note: a pooler in session mode"),
    ] {
        let pooler = Pooler::start(&database, mode);
        let mut command = database.command(&["doctor", "-o", "json"]);
        let (_, report) = examined(Run::of(command.env("DATABASE_URL", pooler.url("postgres"))));
        found(&report, "pooler", fact, "the server's own address");
    }
}
