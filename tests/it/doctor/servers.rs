//! What `vital doctor` says of servers and databases that are not as usual.

use std::fs::File;

use serde_json::Value;
use vital::server::Signal;

use super::{doctor, examined, found};
use crate::connect::secure::Secure;
use crate::support::{Database, Run, Server, Template, shared_options, vital};

#[test]
fn encryption_is_judged_by_what_was_verified() {
    let secure = Secure::start();
    let root = secure.root();
    let report = |rest: &str| -> Value {
        let url = format!(
            "host=localhost port={} dbname=postgres user=me {rest}",
            secure.server.port
        );
        let mut command = vital();
        command
            .env("DATABASE_URL", url)
            .env("PGPASSWORD", "s3cret")
            .args(["doctor", "-o", "json"]);
        examined(Run::of(&mut command)).1
    };
    for (rest, fact, next) in [
        (
            format!("sslmode=verify-full {root}"),
            "the server's certificate and name are verified (sslmode verify-full)",
            "",
        ),
        (
            format!("sslmode=verify-ca {root}"),
            "note: encrypted with TLS",
            "sslmode=verify-full",
        ),
        (
            "sslmode=require".to_owned(),
            "whose certificate it is was not verified",
            "sslmode=verify-full",
        ),
        (
            "sslmode=disable".to_owned(),
            "ok: not encrypted, and needs not be",
            "",
        ),
    ] {
        let report = report(&rest);
        found(&report, "tls", fact, next);
        found(&report, "pooler", "ok: none is noticed", "");
        found(&report, "path", "the server answers as 127.0.0.1:", "");
    }
}

#[test]
fn standby_is_a_problem_and_everything_else_is_told_as_of_a_primary() {
    let mut options = shared_options();
    options
        .settings
        .push(("listen_addresses".to_owned(), String::new()));
    let mut database = Database::on(Server::with(&options), Template::Migrated);
    let standby = database.server().directory.join("data/standby.signal");
    database.server().cluster().halt(Signal::Fast).unwrap();
    File::create(standby).unwrap();
    database.server().cluster().resume().unwrap();
    let (run, report) = doctor(&database);
    assert_eq!(run.code, 1);
    found(
        &report,
        "replication",
        "problem: a standby: it takes no writes",
        "target_session_attrs",
    );
    found(
        &report,
        "migrate up",
        "note: nothing is pending; later, the server is a standby",
        "primary",
    );
    found(&report, "history", "ok: 4 applied, 0 pending", "");
    found(&report, "size", "agents; nothing is pending", "");
}

#[test]
fn agents_that_are_no_table_are_told_apart() {
    for (kind, create) in [
        (
            "view",
            "create view public.agents as select gen_random_uuid() as id",
        ),
        (
            "partitioned table",
            "create table public.agents (id uuid) partition by hash (id)",
        ),
        (
            "materialized view",
            "create materialized view public.agents as select gen_random_uuid() as id",
        ),
        (
            "foreign table",
            "create foreign data wrapper nothing; create server nowhere foreign data wrapper nothing; \
             create foreign table public.agents (id uuid) server nowhere",
        ),
    ] {
        let database = Database::create(Template::Supabase);
        database.superuser().batch_execute(create).unwrap();
        let (_, report) = doctor(&database);
        let fact = format!("problem: public.agents is a {kind}, not a plain table");
        found(&report, "migrate up", &fact, "must be a plain table");
    }
}

#[test]
fn settings_of_the_session_do_not_mislead_it() {
    let database = Database::create(Template::Migrated);
    let expected = doctor(&database).1;
    let mut command = database.command(&["doctor", "-o", "json"]);
    command.env(
        "PGOPTIONS",
        "-c statement_timeout=20ms -c lock_timeout=20ms -c search_path=pg_temp -c row_security=off \
         -c default_transaction_read_only=on -c default_transaction_isolation=serializable -c DateStyle=German \
         -c IntervalStyle=iso_8601 -c bytea_output=escape -c standard_conforming_strings=off -c TimeZone=Asia/Tokyo",
    );
    let (run, report) = examined(Run::of(&mut command));
    found(
        &report,
        "migrate up",
        "note: nothing is pending; later, the session is read-only",
        "",
    );
    for check in [
        "policies",
        "locks",
        "history",
        "auth.uid()",
        "disk",
        "clock",
        "privileges",
    ] {
        assert_eq!(
            super::findings(&report, check),
            super::findings(&expected, check),
            "{run}"
        );
    }
}

#[test]
fn history_that_does_not_fit_and_a_closed_database_are_told() {
    let database = Database::create(Template::Migrated);
    database
        .client()
        .batch_execute("delete from vital_private.refinery_schema_history where version = 20251026000002")
        .unwrap();
    let (_, report) = doctor(&database);
    found(
        &report,
        "history",
        "problem: 3 applied, 0 pending; others do not fit",
        "vital migrate status",
    );
    let mut command = database.command(&["doctor", "--wait", "30s"]);
    let url = database.url().replace(database.name(), "template0");
    let run = Run::of(command.env("DATABASE_URL", url)).failure(7);
    assert!(run.stderr.contains("allow_connections true"), "{run}");
}

#[test]
fn limits_of_role_and_database_count_as_those_of_the_server() {
    let database = Database::create(Template::Migrated);
    let name = database.name();
    let role = format!("{name}_few");
    let mut admin = database.superuser();
    admin
        .batch_execute(&format!("create role {role} login connection limit 2"))
        .unwrap();
    let report = |role: &str| {
        let mut command = database.command(&["doctor", "-o", "json"]);
        examined(Run::of(command.env("DATABASE_URL", database.url_as(role)))).1
    };
    found(
        &report(&role),
        "connections",
        &format!("problem: 1 of 2 are taken, of role {role}"),
        &format!("alter role {role} connection limit"),
    );
    admin
        .batch_execute(&format!("alter role {role} connection limit 50"))
        .unwrap();
    admin
        .batch_execute(&format!("alter database {name} connection limit 2"))
        .unwrap();
    found(
        &report(&role),
        "connections",
        &format!("of 2 are taken, of database {name}"),
        "connection limit",
    );
    // Superusers are exempt from both.
    found(&report("supabase_admin"), "connections", "ok: ", "");
    admin.batch_execute(&format!("drop role {role}")).unwrap();
}
