//! `vital migrate plan` and `up --dry-run`: what they foresee, and that they write nothing.

use serde_json::Value;

use crate::support::{Database, Run, Template};

fn plan(database: &Database, more: &[&str]) -> (Run, Value) {
    let arguments = [&["migrate", "plan", "-o", "json"], more].concat();
    let run = database.vital(&arguments).success();
    let report = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"));
    (run, report)
}

fn length(value: &Value) -> usize {
    value.as_array().map_or(0, Vec::len)
}

#[test]
fn a_plan_names_migrations_locks_and_leftovers_and_writes_nothing() {
    let database = Database::create(Template::PreState);
    let (_, report) = plan(&database, &[]);
    assert_eq!(report["schema"], "vital.migrate.plan/1");
    assert_eq!(report["agents"], 254);
    assert_eq!(
        (
            length(&report["migrations"]),
            length(&report["leftover_policies"])
        ),
        (4, 2)
    );
    for migration in report["migrations"].as_array().unwrap() {
        assert!(
            migration["locks"].is_string() && migration["sql"].is_null(),
            "{migration}"
        );
        assert_eq!(
            (&migration["agents_written"], length(&migration["online_steps"])),
            (&0.into(), 0)
        );
    }
    let dry = database
        .vital(&["migrate", "up", "--dry-run", "-o", "json"])
        .success();
    assert_eq!(serde_json::from_str::<Value>(&dry.stdout).unwrap(), report);
    let schemas = "select count(*) from pg_namespace where nspname = 'vital_private'";
    let written: i64 = database.client().query_one(schemas, &[]).unwrap().get(0);
    assert_eq!(written, 0);
}

#[test]
fn a_plan_stops_at_the_version_asked_for() {
    let database = Database::create(Template::PreState);
    let (_, report) = plan(&database, &["--to", "2"]);
    // The leftovers are on agents, which migration 3 is the first to close.
    assert_eq!(
        (
            length(&report["migrations"]),
            length(&report["leftover_policies"])
        ),
        (2, 0)
    );
}

#[test]
fn the_text_of_the_migrations_is_theirs() {
    let database = Database::create(Template::PreState);
    let run = database
        .vital(&["migrate", "plan", "--sql", "--to", "1"])
        .success();
    let path = "sql/migrations/V20251026000001__create_tenants_table.sql";
    let sql = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    assert!(run.stdout.contains(sql.trim_end()), "{run}");
}

#[test]
fn rows_to_be_written_and_online_steps_are_foreseen() {
    let database = Database::create(Template::Legacy);
    let (_, report) = plan(&database, &["--online", "always"]);
    assert_eq!(report["migrations"][3]["agents_written"], 12);
    assert_eq!(length(&report["migrations"][1]["online_steps"]), 5);
    assert_eq!(length(&report["migrations"][3]["online_steps"]), 2);
}

#[test]
fn a_session_in_the_way_is_named() {
    let database = Database::create(Template::PreState);
    let mut reader = database.client();
    reader
        .batch_execute("begin; select count(*) from public.agents")
        .unwrap();
    let pid: i32 = reader.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let (run, report) = plan(&database, &[]);
    let blocker = report["blockers"][0].as_str().unwrap_or_default();
    assert!(blocker.starts_with(&format!("pid {pid} ")), "{run}");
}

#[test]
fn what_stands_in_the_way_is_listed() {
    let database = Database::create(Template::Supabase);
    let (_, report) = plan(&database, &[]);
    let problem = report["problems"][0].as_str().unwrap_or_default();
    assert!(problem.starts_with("there is no table public.agents"), "{report}");
}

#[test]
fn a_migrated_database_has_an_empty_plan() {
    let database = Database::create(Template::Migrated);
    let run = database.vital(&["migrate", "plan"]).success();
    assert!(run.stdout.contains("nothing to do"), "{run}");
}
