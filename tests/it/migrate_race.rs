//! What happens between the look at the database and the lock, and to those who wait for it.

use std::process::Child;

use postgres::Client;
use rustix::process::Signal;

use crate::fault::{finish, kill::send, start};
use crate::support::catalog::state;
use crate::support::{Database, Template, progress, wait_until};

const HISTORY: &str = "vital_private.refinery_schema_history";

/// Starts the binary with its output kept.
pub fn run(database: &Database, arguments: &[&str]) -> Child {
    start(&mut database.command(arguments))
}

/// Begins a transaction that holds the migration lock.
pub fn holder(database: &Database) -> Client {
    let mut client = database.client();
    let lock = include_str!("../../sql/migrate/lock.sql");
    client.batch_execute(&format!("begin; {lock}")).unwrap();
    client
}

/// Counts the sessions of vital in the database of which `condition` holds.
pub fn sessions(database: &Database, condition: &str) -> i64 {
    let sql = format!(
        "select count(*) from pg_stat_activity a
         where datname = current_database() and application_name = 'vital' and {condition}"
    );
    database.superuser().query_one(&sql, &[]).unwrap().get(0)
}

/// Waits until a run has asked for the lock in vain, so that it has read everything else before.
pub fn wait_for_poll(database: &Database) {
    wait_until("a run asks for the lock", || {
        sessions(database, "query in ('rollback', 'ROLLBACK')") > 0
    });
}

pub fn applied(database: &Database) -> i64 {
    let sql = format!("select count(*) from {HISTORY}");
    database.client().query_one(&sql, &[]).unwrap().get(0)
}

pub fn has_tenant_column(database: &Database) -> bool {
    let sql = "select exists (select from pg_attribute
        where attrelid = 'public.agents'::regclass and attname = 'tenant_id' and not attisdropped)";
    database.client().query_one(sql, &[]).unwrap().get(0)
}

/// The state before, with the first migration.
pub fn with_one() -> Database {
    let database = Database::create(Template::PreState);
    database.vital(&["migrate", "up", "--to", "1"]).success();
    database
}

#[test]
fn a_history_that_changed_meanwhile_stops_the_run() {
    let database = with_one();
    let mut other = holder(&database);
    let row = "values (30000000000000, 'later', '2030-01-01T00:00:00Z', '1')";
    other
        .batch_execute(&format!("insert into {HISTORY} {row}"))
        .unwrap();
    let child = run(&database, &["migrate", "up", "--replace-policies"]);
    wait_for_poll(&database);
    other.batch_execute("commit").unwrap();
    let run = finish(child).failure(5);
    assert!(
        run.stderr.contains("`V30000000000000__later` is applied, but"),
        "{run}"
    );
    assert!(!has_tenant_column(&database));
}

#[test]
fn a_migration_under_a_later_one_is_not_undone() {
    let database = Database::create(Template::Migrated);
    let mut other = database.client();
    let kept = format!("create table public.kept as select * from {HISTORY} where version = 20251026000003");
    other.batch_execute(&kept).unwrap();
    database
        .vital(&["migrate", "down", "--to", "2", "--yes"])
        .success();
    let mut other = holder(&database);
    let insert = format!("insert into {HISTORY} select * from public.kept");
    other.batch_execute(&insert).unwrap();
    let child = run(&database, &["migrate", "down", "--to", "1", "--yes"]);
    wait_for_poll(&database);
    other.batch_execute("commit").unwrap();
    let run = finish(child).failure(1);
    let refused = "another run applied V20251026000003__update_rls_policies meanwhile";
    assert!(run.stderr.contains(refused), "{run}");
    assert!(has_tenant_column(&database));
}

#[test]
fn what_others_built_meanwhile_is_not_dropped() {
    let database = Database::create(Template::Migrated);
    let mut other = holder(&database);
    other
        .batch_execute("create view public.modes as select id, sharing_mode from public.agents")
        .unwrap();
    let child = run(&database, &["migrate", "down", "--to", "1", "--yes"]);
    wait_for_poll(&database);
    other.batch_execute("commit").unwrap();
    let run = finish(child).failure(1);
    for part in ["SQLSTATE 2BP01", "view public.modes", &progress(2)] {
        assert!(run.stderr.contains(part), "`{part}`: {run}");
    }
    other.query("select from public.modes", &[]).unwrap();
    assert!(has_tenant_column(&database));
}

/// Has the history refuse the row of migration 2, either way.
fn refuse_row(database: &Database) {
    let refuse = format!(
        "create function public.refuse() returns trigger language plpgsql as
             'begin raise exception ''no such row''; end';
         create trigger refuse_insert before insert on {HISTORY}
             for each row when (new.version = 20251026000002) execute function public.refuse();
         create trigger refuse_delete before delete on {HISTORY}
             for each row when (old.version = 20251026000002) execute function public.refuse()"
    );
    database.client().batch_execute(&refuse).unwrap();
}

#[test]
fn a_migration_whose_row_is_refused_is_not_kept() {
    let database = with_one();
    refuse_row(&database);
    let before = state(&mut database.client());
    let run = database
        .vital(&["migrate", "up", "--replace-policies"])
        .failure(1);
    for part in ["no such row", &format!("{} and nothing of this one", progress(1))] {
        assert!(run.stderr.contains(part), "`{part}`: {run}");
    }
    assert_eq!(before, state(&mut database.client()));
}

#[test]
fn an_undoing_whose_row_is_refused_is_not_kept() {
    let database = Database::create(Template::Migrated);
    database
        .vital(&["migrate", "down", "--to", "2", "--yes"])
        .success();
    refuse_row(&database);
    let before = state(&mut database.client());
    let run = database
        .vital(&["migrate", "down", "--to", "0", "--yes"])
        .failure(1);
    assert!(run.stderr.contains("no such row"), "{run}");
    assert_eq!(before, state(&mut database.client()));
    assert!(has_tenant_column(&database));
}

#[test]
fn a_session_that_is_ended_on_purpose_does_not_come_back() {
    let database = with_one();
    let mut reader = database.client();
    reader
        .batch_execute("begin; select count(*) from public.agents")
        .unwrap();
    let child = run(
        &database,
        &["migrate", "up", "--replace-policies", "--lock-wait", "20s"],
    );
    wait_until("the run waits", || {
        sessions(&database, "wait_event_type = 'Lock'") == 1
    });
    let pauses = "state = 'idle' and state_change < clock_timestamp() - interval '120 ms'";
    wait_until("the run pauses", || sessions(&database, pauses) == 1);
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'vital'";
    database.superuser().query(end, &[]).unwrap();
    let run = finish(child);
    assert!([1, 7].contains(&run.code), "{run}");
    let is_told = [&progress(1), "nothing was changed"];
    assert!(is_told.iter().any(|kept| run.stderr.contains(kept)), "{run}");
    reader.batch_execute("commit").unwrap();
    assert_eq!(applied(&database), 1);
}

#[test]
fn a_killed_run_leaves_the_queue_for_a_lock() {
    let database = with_one();
    let mut reader = database.client();
    reader
        .batch_execute("begin; select count(*) from public.agents")
        .unwrap();
    let child = run(
        &database,
        &["migrate", "up", "--replace-policies", "--lock-timeout", "60s"],
    );
    wait_until("the run waits for agents", || {
        sessions(&database, "wait_event_type = 'Lock'") == 1
    });
    send(&child, Signal::KILL);
    finish(child);
    // The reader goes on, and everybody else would wait behind the dead.
    wait_until("its session has ended", || sessions(&database, "true") == 0);
}

#[test]
fn a_short_statement_timeout_does_not_end_the_reading() {
    let database = Database::create(Template::Migrated);
    let mut other = database.client();
    let limit = format!(
        "alter database {} set statement_timeout = '200ms'",
        database.name()
    );
    other.batch_execute(&limit).unwrap();
    other
        .batch_execute(&format!("begin; lock table {HISTORY}"))
        .unwrap();
    let child = run(&database, &["migrate", "status"]);
    wait_until("the reading waits", || {
        sessions(&database, "wait_event_type = 'Lock'") == 1
    });
    std::thread::sleep(std::time::Duration::from_secs(1));
    other.batch_execute("rollback").unwrap();
    finish(child).success();
}

#[test]
fn a_reading_whose_session_is_ended_is_told_as_unreachable() {
    let database = Database::create(Template::Migrated);
    let mut other = database.client();
    other
        .batch_execute(&format!("begin; lock table {HISTORY}"))
        .unwrap();
    let child = run(&database, &["migrate", "status"]);
    wait_until("the reading waits", || {
        sessions(&database, "wait_event_type = 'Lock'") == 1
    });
    let end = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and application_name = 'vital'";
    database.superuser().query(end, &[]).unwrap();
    let run = finish(child).failure(7);
    assert!(
        run.stderr.contains("could not read the migration history"),
        "{run}"
    );
}
