//! `vital migrate down`: what it removes and keeps, and what it refuses.

use std::collections::BTreeSet;
use std::process::Stdio;

use postgres::Client;
use serde_json::Value;

use crate::support::catalog::catalog;
use crate::support::{Database, Run, Template, progress, total};

pub fn down(database: &Database, to: &str, more: &[&str]) -> Run {
    let mut arguments = vec!["migrate", "down", "--to", to];
    arguments.extend(more);
    database.vital(&arguments)
}

pub fn count(client: &mut Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).unwrap().get(0)
}

pub fn applied(database: &Database) -> i64 {
    count(
        &mut database.client(),
        "select count(*) from vital_private.refinery_schema_history",
    )
}

#[track_caller]
pub fn has(run: &Run, parts: &[&str]) {
    for part in parts {
        assert!(
            run.stderr.contains(part) || run.stdout.contains(part),
            "`{part}` is missing: {run}"
        );
    }
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"))
}

/// What undoing restores: everything but the validation of constraints, and who may do what to agents.
fn shape(client: &mut Client) -> BTreeSet<String> {
    let lines = catalog(client).into_iter();
    let differs = |line: &String| {
        let of_agents = line.starts_with("policy") && line.contains("\"tablename\": \"agents\"");
        of_agents
            || line.starts_with("schema vital_archive")
            || line.starts_with("table agents")
            || line.starts_with("column acl agents")
    };
    lines
        .filter(|line| !differs(line))
        .map(|line| {
            line.replace(" NOT VALID", "")
                .replace("fkey t ", "fkey f ")
                .replace("check t ", "check f ")
        })
        .collect()
}

#[track_caller]
fn leaves_what_up_leaves(version: &str) {
    let fresh = Database::create(Template::PreState);
    fresh
        .vital(&["migrate", "up", "--to", version, "--replace-policies"])
        .success();
    let database = Database::create(Template::Migrated);
    down(&database, version, &["--yes"]).success();
    let (up, down) = (shape(&mut fresh.client()), shape(&mut database.client()));
    let difference: Vec<_> = up.symmetric_difference(&down).collect();
    assert!(difference.is_empty(), "{difference:#?}");
}

#[test]
fn undoing_4_leaves_what_the_first_three_make() {
    leaves_what_up_leaves("3");
}

#[test]
fn undoing_4_and_3_leaves_what_the_first_two_make() {
    leaves_what_up_leaves("2");
}

#[test]
fn undoing_all_but_the_first_leaves_what_it_makes() {
    leaves_what_up_leaves("1");
}

#[test]
fn undoing_everything_leaves_the_tables_of_before_and_the_history() {
    const OBJECTS: &str = "
        select format('column %s.%s %s', attrelid::regclass, attname, format_type(atttypid, atttypmod))
        from pg_attribute join pg_class c on c.oid = attrelid
        where c.relkind in ('r', 'i', 'v') and attnum > 0 and not attisdropped
            and relnamespace::regnamespace::text !~ '^(pg_|information_schema|vital_archive)'
        union all select 'function ' || oid::regprocedure from pg_proc
        where pronamespace::regnamespace::text !~ '^(pg_|information_schema|vital_archive)'
        union all select format('trigger %s %s', tgrelid::regclass, tgname) from pg_trigger where not tgisinternal
        union all select 'schema ' || nspname from pg_namespace where nspname !~ '^pg_'";
    let objects = |database: &Database| -> BTreeSet<String> {
        let rows = database.client().query(OBJECTS, &[]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let before = objects(&Database::create(Template::PreState));
    let database = Database::create(Template::Migrated);
    has(
        &down(&database, "0", &["--yes"]).success(),
        &["no migration is applied"],
    );
    let mut more: Vec<String> = objects(&database).difference(&before).cloned().collect();
    more.retain(|line| !line.contains("refinery_schema_history"));
    assert_eq!(more, ["schema vital_archive", "schema vital_private"]);
    let after = objects(&database);
    assert!(before.difference(&after).next().is_none());
    assert_eq!(applied(&database), 0);
    has(
        &down(&database, "0", &["--yes"]).success(),
        &["nothing to do: no migration is applied"],
    );
    let agents = "select count(*) from public.agents";
    assert_eq!(count(&mut database.client(), agents), 254);
}

#[test]
fn a_dry_run_tells_what_a_run_archives_and_changes_nothing() {
    let database = Database::create(Template::Migrated);
    let mut client = database.client();
    client
        .batch_execute(
            "update public.agents set sharing_mode = 'private', is_shared = false where name < 'C'",
        )
        .unwrap();
    let before = catalog(&mut client);
    let plan = json(&down(&database, "0", &["--dry-run", "-o", "json"]).success());
    assert_eq!(plan["schema"], "vital.migrate.down/1");
    assert_eq!(
        (&plan["dry_run"], &plan["to"], &plan["archive_set"]),
        (&true.into(), &Value::Null, &Value::Null)
    );
    assert_eq!((before, applied(&database)), (catalog(&mut client), total()));
    let schemas = "select count(*) from pg_namespace where nspname = 'vital_archive'";
    assert_eq!(count(&mut client, schemas), 0);

    let report = json(&down(&database, "0", &["--yes", "-o", "json"]).success());
    let rows = |report: &Value| -> BTreeSet<(String, i64)> {
        let archived = report["archived"].as_array().unwrap().iter();
        archived
            .map(|kept| {
                (
                    kept["source"].as_str().unwrap().to_owned(),
                    kept["rows"].as_i64().unwrap(),
                )
            })
            .collect()
    };
    assert_eq!(rows(&plan), rows(&report));
    assert_eq!(rows(&report).len(), 10);
    for kept in report["archived"].as_array().unwrap() {
        let table = kept["archive_table"].as_str().unwrap();
        let there = count(&mut client, &format!("select count(*) from {table}"));
        assert_eq!(Some(there), kept["rows"].as_i64(), "{kept}");
        assert!(
            there > 0 || table.contains("user_") || table.contains("adopted_"),
            "{kept}"
        );
    }
}

#[test]
fn without_a_terminal_it_takes_a_yes() {
    let database = Database::create(Template::Migrated);
    let run = Run::of(
        database
            .command(&["migrate", "down", "--to", "3"])
            .stdin(Stdio::null()),
    )
    .failure(2);
    has(
        &run,
        &["undo 1 migration on database", "`--yes`", "nothing was changed"],
    );
    assert_eq!(applied(&database), total());
    has(
        &down(&database, "9", &["--yes"]).failure(2),
        &["there is no migration `9`"],
    );
}

#[test]
fn somebody_in_the_way_is_named_and_nothing_of_the_step_is_kept() {
    let database = Database::create(Template::Migrated);
    let mut reader = database.client();
    reader
        .batch_execute("begin; select count(*) from public.agents")
        .unwrap();
    let run = down(&database, "0", &["--yes", "--lock-wait", "1s"]).failure(6);
    has(
        &run,
        &[
            "could not undo migration `V20251026000003__update_rls_policies`",
            "at sql/down/V20251026000003__update_rls_policies.sql:",
            "holds a lock on public.agents",
            &format!("{} and nothing of this one was kept", progress(3)),
            "run `vital migrate down` again",
        ],
    );
    assert_eq!(applied(&database), 3);
    reader.batch_execute("commit").unwrap();
    down(&database, "0", &["--yes"]).success();
    // The first run's set holds nothing that can be put back; both are listed.
    let sets = "select count(*) from vital_archive.sets";
    assert_eq!(count(&mut database.client(), sets), 2);
}

#[test]
fn several_at_once_undo_each_migration_once() {
    let database = Database::create(Template::Migrated);
    let start = || {
        let mut command = database.command(&["migrate", "down", "--to", "0", "--yes", "-o", "json"]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let children: Vec<_> = (0..5).map(|_| start()).collect();
    let mut own = 0;
    for child in children {
        let run = Run::from(child.wait_with_output().unwrap()).success();
        let report = json(&run);
        let migrations = report["migrations"].as_array().unwrap();
        own += migrations.iter().filter(|m| m["elapsed_ms"].is_u64()).count();
    }
    assert_eq!((own, applied(&database)), (4, 0));
    let tenants = "select count(*) from vital_archive.contents where source = 'public.tenants'";
    assert_eq!(count(&mut database.client(), tenants), 1);
}
