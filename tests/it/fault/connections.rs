//! A server without free connections, and sessions that begin with hostile settings.

use std::process::Command;
use std::time::Duration;

use postgres::Client;

use super::check::{assert_completes, assert_sound, prepare};
use super::{UP, finish, start, survive, up};
use crate::support::{Database, Run, Server, Template, shared_options, wait_until};

/// A database on a server for so few sessions that these take all of them.
fn full() -> (Database, Vec<Client>) {
    let mut options = shared_options();
    options
        .settings
        .push(("max_connections".to_owned(), "8".to_owned()));
    let database = Database::on(Server::with(&options), Template::PreState);
    let sessions = fill(&database);
    (database, sessions)
}

fn fill(database: &Database) -> Vec<Client> {
    let url = database.url();
    std::iter::from_fn(|| Client::connect(&url, postgres::NoTls).ok()).collect()
}

#[test]
fn a_full_server_is_told_and_waited_for() {
    prepare();
    let (database, mut sessions) = full();
    let run = Run::of(&mut up(&database, &[])).failure(7);
    for part in ["SQLSTATE 53300", "--wait 60s"] {
        assert!(run.stderr.contains(part), "`{part}`: {run}");
    }
    let child = start(&mut up(&database, &["--wait", "30s"]));
    std::thread::sleep(Duration::from_millis(700));
    sessions.clear();
    let run = finish(child).success();
    assert_sound(&database, &run);
    println!("no free connection: 2 injected, 2 survived");
}

#[test]
fn an_online_preparation_waits_for_its_second_connection() {
    prepare();
    let (database, mut sessions) = full();
    sessions.pop();
    let child = start(&mut up(&database, &["--online", "always"]));
    std::thread::sleep(Duration::from_millis(1500));
    sessions.clear();
    finish(child).success();
    assert_completes(&database);
    println!("no second connection: 1 injected, 1 survived");
}

/// Settings of a database, all at once, that change how statements run or read.
const HOSTILE: [&[(&str, &str)]; 7] = [
    &[("statement_timeout", "200ms")],
    &[("transaction_timeout", "100ms")],
    &[("lock_timeout", "1ms")],
    &[("idle_in_transaction_session_timeout", "1ms")],
    &[("exit_on_error", "on")],
    &[
        ("default_transaction_isolation", "serializable"),
        ("default_transaction_deferrable", "on"),
        ("search_path", "pg_temp"),
        ("row_security", "off"),
        ("check_function_bodies", "off"),
        ("standard_conforming_strings", "off"),
        ("array_nulls", "off"),
        ("transform_null_equals", "on"),
        ("plpgsql.variable_conflict", "use_variable"),
        ("plpgsql.extra_errors", "all"),
        ("default_toast_compression", "pglz"),
    ],
    &[
        ("quote_all_identifiers", "on"),
        ("DateStyle", "SQL, DMY"),
        ("IntervalStyle", "postgres_verbose"),
        ("TimeZone", "Asia/Kolkata"),
        ("bytea_output", "escape"),
        ("extra_float_digits", "-15"),
        ("client_min_messages", "error"),
        ("client_encoding", "LATIN1"),
        ("lc_messages", "C"),
        ("force_parallel_mode", "on"),
        ("default_with_oids", "off"),
    ],
];

#[test]
fn settings_of_database_and_role_do_not_get_in_the_way() {
    prepare();
    survive("hostile settings", &HOSTILE, 2, |settings| {
        let database = Database::create(Template::PreState);
        let (mut admin, mut reader) = (database.superuser(), database.superuser());
        for (name, value) in *settings {
            // A server of another version may not know it.
            let sql = format!("alter database {} set {name} = '{value}'", database.name());
            let _ = admin.batch_execute(&sql.replace("'pg_temp'", "pg_temp"));
        }
        reader
            .batch_execute("begin; lock public.agents in share mode")
            .unwrap();
        let child = start(&mut up(&database, &["--progress", "json"]));
        std::thread::sleep(Duration::from_millis(1500));
        reader.batch_execute("rollback").unwrap();
        let run = finish(child);
        drop(reader);
        let reset = format!("alter database {} reset all", database.name());
        admin.batch_execute(&reset).unwrap();
        drop(admin);
        assert_sound(&database, &run.success());
    });
}

#[test]
fn a_session_that_is_ended_while_it_waits_for_a_lock_is_replaced() {
    prepare();
    let database = Database::create(Template::PreState);
    let mut holder = database.superuser();
    holder
        .batch_execute("begin; lock public.agents in share mode")
        .unwrap();
    let limit = format!(
        "alter database {} set idle_session_timeout = '900ms'",
        database.name()
    );
    database.superuser().batch_execute(&limit).unwrap();
    let child = start(&mut up(&database, &[]));
    // The third pause between two tries is longer than that.
    std::thread::sleep(Duration::from_secs(5));
    holder.batch_execute("rollback").unwrap();
    drop(holder);
    let run = finish(child).success();
    assert!(
        run.stderr.contains("the connection broke") && run.stderr.contains("57P05"),
        "{run}"
    );
    assert_sound(&database, &run);
}

#[test]
fn limits_in_pgoptions_do_not_get_in_the_way() {
    prepare();
    let database = Database::create(Template::PreState);
    let options = "-c statement_timeout=200ms -c lock_timeout=1ms -c idle_in_transaction_session_timeout=1ms";
    let mut command: Command = database.command(&UP);
    let run = Run::of(command.env("PGOPTIONS", options)).success();
    assert_sound(&database, &run);
}

#[test]
fn a_commit_whose_session_is_ended_while_it_waits_for_a_replica_is_found_out() {
    prepare();
    let database = Database::on(Server::with(&shared_options()), Template::PreState);
    let mut admin = database.superuser();
    let mut replicas = |names: &str| {
        let set = format!("alter system set synchronous_standby_names = '{names}'");
        admin.batch_execute(&set).unwrap();
        admin.batch_execute("select pg_reload_conf()").unwrap();
    };
    let on = format!("alter database {} set synchronous_commit = on", database.name());
    database.superuser().batch_execute(&on).unwrap();
    replicas("nobody");
    let child = start(&mut up(&database, &[]));
    let mut others = database.superuser();
    let end = "select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'";
    wait_until("a commit waits for the replica", || {
        !others.query(end, &[]).unwrap().is_empty()
    });
    replicas("");
    let run = finish(child).success();
    assert!(run.stderr.contains("the connection broke, but V2"), "{run}");
    drop((admin, others));
    assert_sound(&database, &run);
}
