//! `vital migrate up --online always` while others are at work, or were before.

use std::time::Duration;

use postgres::Client;

use crate::fault::finish;
use crate::migrate_race::{applied, has_tenant_column, holder, run, sessions, wait_for_poll, with_one};
use crate::support::pooler::{Mode, Pooler};
use crate::support::{Database, Run, Template, total, vital, wait_until};

const ALWAYS: [&str; 5] = ["migrate", "up", "--replace-policies", "--online", "always"];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&ALWAYS, more].concat()
}

/// Begins a transaction whose snapshot every build of an index waits for.
fn snapshot(database: &Database) -> Client {
    let mut client = database.client();
    client
        .batch_execute("begin isolation level repeatable read; select count(*) from public.profiles")
        .unwrap();
    client
}

#[test]
fn another_run_waits_for_a_preparation() {
    let database = Database::create(Template::PreState);
    let mut reader = snapshot(&database);
    let child = run(&database, &ALWAYS);
    wait_until("an index is built", || {
        sessions(
            &database,
            "state = 'active' and query like 'create index concurrently%'",
        ) == 1
    });
    let second = database
        .vital(&with(&["--migration-lock-wait", "1s", "--lock-wait", "1s"]))
        .failure(6);
    assert!(
        second.stderr.contains("another vital is migrating this database"),
        "{second}"
    );
    reader.batch_execute("commit").unwrap();
    finish(child).success();
    assert_eq!(applied(&database), total());
}

#[test]
fn a_long_step_does_not_cost_the_lock() {
    let database = with_one();
    let mut reader = database.client();
    reader
        .batch_execute("begin; select count(*) from public.agents")
        .unwrap();
    let child = run(&database, &ALWAYS);
    wait_until("the columns wait for the reader", || {
        sessions(&database, "wait_event_type = 'Lock'") == 1
    });
    // Longer than a transaction that holds locks on tables may be idle.
    std::thread::sleep(Duration::from_secs(12));
    let locks = "select count(*) from pg_locks l join pg_class c on c.oid = l.relation
        where c.relname = 'refinery_schema_history' and l.mode = 'ExclusiveLock'";
    assert_eq!(reader.query_one(locks, &[]).unwrap().get::<_, i64>(0), 1);
    reader.batch_execute("commit").unwrap();
    finish(child).success();
    assert_eq!(applied(&database), total());
}

#[test]
fn what_another_run_applied_is_not_prepared() {
    let migrated = Database::create(Template::Migrated);
    let sql = "select name, applied_on, checksum from vital_private.refinery_schema_history
        where version = 20251026000002";
    let row = migrated.client().query_one(sql, &[]).unwrap();
    let values: [String; 3] = [row.get(0), row.get(1), row.get(2)];
    let database = with_one();
    let mut other = holder(&database);
    let insert = "insert into vital_private.refinery_schema_history (version, name, applied_on, checksum)
        values (20251026000002, $1, $2, $3)";
    other
        .execute(insert, &[&values[0], &values[1], &values[2]])
        .unwrap();
    let child = run(&database, &with(&["--to", "2"]));
    wait_for_poll(&database);
    other.batch_execute("commit").unwrap();
    finish(child).success();
    assert!(!has_tenant_column(&database));
}

#[test]
fn a_session_of_a_pooler_keeps_its_limits() {
    const SIZE: usize = 2;
    let database = Database::create(Template::PreState);
    for (name, value) in [("statement_timeout", "47s"), ("lock_timeout", "48s")] {
        let set = format!("alter database {} set {name} = '{value}'", database.name());
        database.client().batch_execute(&set).unwrap();
    }
    let pooler = Pooler::with_connections(&database, Mode::Transaction, SIZE);
    Run::of(vital().env("DATABASE_URL", pooler.url("postgres")).args(ALWAYS)).success();
    // Each in a transaction, so that together they have every connection.
    let mut clients: Vec<Client> = (0..SIZE).map(|_| pooler.client("postgres")).collect();
    for client in &mut clients {
        client.batch_execute("begin").unwrap();
    }
    let changed = "select name from pg_settings
        where name in ('statement_timeout', 'lock_timeout', 'client_connection_check_interval')
            and setting <> reset_val";
    for client in &mut clients {
        let answer = client.simple_query(changed).unwrap();
        let rows = answer
            .iter()
            .filter(|message| matches!(message, postgres::SimpleQueryMessage::Row(_)));
        assert_eq!(rows.count(), 0, "{answer:?}");
    }
}

#[test]
fn an_index_of_another_table_is_left_alone() {
    let database = Database::create(Template::PreState);
    let mut owner = database.client();
    owner
        .batch_execute("create index idx_agents_tenant_id on public.profiles (id)")
        .unwrap();
    let run = database.vital(&ALWAYS).failure(1);
    let refused = "index public.idx_agents_tenant_id is on table public.profiles";
    assert!(run.stderr.contains(refused), "{run}");
    let table = "select indrelid::regclass::text from pg_index
        where indexrelid = 'public.idx_agents_tenant_id'::regclass";
    assert_eq!(owner.query_one(table, &[]).unwrap().get::<_, &str>(0), "profiles");
}

#[test]
fn a_build_that_cannot_begin_names_who_is_in_the_way() {
    let database = Database::create(Template::PreState);
    let mut reader = snapshot(&database);
    let pid: i32 = reader.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    let mut child = run(&database, &with(&["--lock-wait", "2s"]));
    wait_until("the run gives up", || child.try_wait().unwrap().is_some());
    let run = finish(child).failure(6);
    for part in [
        "could not start to build index".to_owned(),
        format!("pid {pid} (user postgres"),
    ] {
        assert!(run.stderr.contains(&part), "`{part}`: {run}");
    }
    reader.batch_execute("commit").unwrap();
    drop(reader);
    database.vital(&ALWAYS).success();
}
