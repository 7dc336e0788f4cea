//! `vital migrate status`: what it tells, its exit codes, and that it writes nothing.

use serde_json::Value;

use crate::support::{Database, Run, Template};

const STATUS: [&str; 3] = ["migrate", "status", "--exit-code"];

fn states(run: &Run) -> Vec<String> {
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"));
    assert_eq!(report["schema"], "vital.migrate.status/1");
    let migrations = report["migrations"].as_array().unwrap();
    migrations
        .iter()
        .map(|m| m["state"].as_str().unwrap().to_owned())
        .collect()
}

fn status(database: &Database) -> Run {
    database.vital(&[&STATUS[..], &["-o", "json"]].concat())
}

#[test]
fn everything_is_pending_before_the_first_up() {
    let database = Database::create(Template::PreState);
    assert_eq!(states(&status(&database).failure(3)), ["pending"; 4]);
    let plain = database.vital(&["migrate", "status"]).success();
    assert!(plain.stdout.contains("0 applied, 4 pending"), "{plain}");
    let schemas = "select count(*) from pg_namespace where nspname = 'vital_private'";
    let written: i64 = database.client().query_one(schemas, &[]).unwrap().get(0);
    assert_eq!(written, 0);
}

#[test]
fn applied_migrations_are_shown_with_when_who_and_how_long() {
    let database = Database::create(Template::Migrated);
    let run = status(&database).success();
    assert_eq!(states(&run), ["applied"; 4]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let first = &report["migrations"][0];
    assert_eq!(first["applied_by"], "postgres");
    assert!(first["took_ms"].is_i64() && first["applied_on"].as_str().unwrap().ends_with('Z'));
}

#[test]
fn a_divergent_history_is_shown_and_ends_with_5() {
    let database = Database::create(Template::Migrated);
    database
        .client()
        .batch_execute(
            "update vital_private.refinery_schema_history set checksum = '1' where version = 20251026000001;
             delete from vital_private.refinery_schema_history where version = 20251026000002;
             insert into vital_private.refinery_schema_history values (30000000000000, 'later', '', '1')",
        )
        .unwrap();
    let run = status(&database).failure(5);
    assert_eq!(
        states(&run),
        ["changed", "missing", "applied", "applied", "unknown"]
    );
    database.vital(&["migrate", "status"]).success();
}

#[test]
fn a_role_that_reads_everything_may_ask_and_another_is_told_what_it_lacks() {
    let database = Database::create(Template::Migrated);
    let role = format!("{}_reader", database.name());
    let mut admin = database.superuser();
    admin.batch_execute(&format!("create role {role} login")).unwrap();
    let ask = || {
        Run::of(
            database
                .command(&STATUS)
                .env("DATABASE_URL", database.url_as(&role)),
        )
    };
    let refused = ask().failure(1);
    assert!(
        refused.stderr.contains("the migration history may not be read"),
        "{refused}"
    );
    assert!(refused.stderr.contains("pg_read_all_data"), "{refused}");
    admin
        .batch_execute(&format!("grant pg_read_all_data to {role}"))
        .unwrap();
    ask().success();
    admin.batch_execute(&format!("drop role {role}")).unwrap();
}

#[test]
fn histories_of_other_tools_are_mentioned() {
    let database = Database::create(Template::PreState);
    database
        .client()
        .batch_execute(
            "create table public.flyway_schema_history (); create table public.schema_migrations ()",
        )
        .unwrap();
    let run = database.vital(&["migrate", "status"]).success();
    let note =
        "in public.flyway_schema_history, public.schema_migrations; vital neither reads nor changes it";
    assert!(run.stdout.contains(note), "{run}");
}

#[test]
fn a_database_migrated_by_hand_is_recognised() {
    let database = Database::create(Template::Legacy);
    let run = database.vital(&["migrate", "status"]).success();
    assert!(run.stdout.contains("as after a migration by hand"), "{run}");
}
