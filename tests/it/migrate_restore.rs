//! `vital migrate up --restore`: what was archived comes back as it was.

use std::collections::BTreeMap;

use postgres::Client;

use crate::support::{Database, Run, Server, Template, progress, shared_options, total};

const TABLES: [&str; 7] = [
    "public.agents",
    "public.tenants",
    "public.user_tenants",
    "public.user_roles",
    "public.resource_sharing_audit",
    "vital_private.admin_audit",
    "vital_private.replaced_policies",
];

/// Every row of every table that is there, with all its columns.
pub fn contents(client: &mut Client) -> BTreeMap<&'static str, Vec<String>> {
    let rows = |client: &mut Client, table: &str| {
        let sql = format!("select to_jsonb(t)::text from {table} as t order by 1");
        let rows = client.query(&sql, &[]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let is_there = |client: &mut Client, table: &str| {
        let sql = "select to_regclass($1) is not null";
        client.query_one(sql, &[&table]).unwrap().get::<_, bool>(0)
    };
    let mut contents = BTreeMap::new();
    for table in TABLES {
        if is_there(client, table) {
            contents.insert(table, rows(client, table));
        }
    }
    contents
}

/// Asserts that two states hold the same rows in the same tables.
#[track_caller]
pub fn same(one: &BTreeMap<&str, Vec<String>>, other: &BTreeMap<&str, Vec<String>>) {
    assert!(one.keys().eq(other.keys()), "{:?} {:?}", one.keys(), other.keys());
    for (table, rows) in one {
        let lost: Vec<_> = rows.iter().filter(|row| !other[table].contains(row)).collect();
        let new: Vec<_> = other[table].iter().filter(|row| !rows.contains(row)).collect();
        assert!(
            lost.is_empty() && new.is_empty(),
            "{table}\nlost {lost:#?}\nnew {new:#?}"
        );
    }
}

fn history(client: &mut Client) -> Vec<(i64, String)> {
    let sql = "select version, applied_on from vital_private.refinery_schema_history order by version";
    let rows = client.query(sql, &[]).unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// What `verify` finds.
fn verify(database: &Database) -> Vec<String> {
    let run = database.vital(&["verify", "-o", "json"]);
    let report: serde_json::Value =
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run}"));
    let findings = report["findings"].as_array().unwrap_or_else(|| panic!("{run}"));
    findings.iter().map(ToString::to_string).collect()
}

fn down(database: &Database, to: &str) -> Run {
    database
        .vital(&["migrate", "down", "--to", to, "--yes"])
        .success()
}

#[track_caller]
fn round_trip(to: usize) {
    let database = Database::create(Template::Used);
    let mut client = database.client();
    let (before, old) = (contents(&mut client), history(&mut client));
    let verified = verify(&database);
    assert!(before.values().all(|rows| !rows.is_empty()));
    down(&database, &to.to_string());
    assert_eq!(history(&mut client), old[..to]);
    let run = database.vital(&["migrate", "up", "--restore"]).success();
    assert!(run.stdout.contains(&progress(total())), "{run}");
    same(&before, &contents(&mut client));
    assert_eq!(verify(&database), verified);
    let new = history(&mut client);
    assert_eq!(new[..to], old[..to]);
    assert!(
        new[to..]
            .iter()
            .zip(&old[to..])
            .all(|(new, old)| new.0 == old.0 && new.1 > old.1)
    );
    // Triggers work as before, and keys go on where they were.
    let off = "select count(*) from pg_trigger where tgenabled = 'D'";
    assert_eq!(client.query_one(off, &[]).unwrap().get::<_, i64>(0), 0);
    client
        .batch_execute("update public.tenants set name = 'after' where slug = 'north'")
        .unwrap();
    assert_eq!(
        contents(&mut client)["vital_private.admin_audit"].len(),
        before["vital_private.admin_audit"].len() + 1
    );
    // What was put back is not offered again.
    down(&database, &to.min(3).to_string());
    let again = database.vital(&["migrate", "up", "--restore"]).success();
    assert!(again.stdout.contains(&progress(total())), "{again}");
}

#[test]
fn everything_comes_back_after_all_is_undone() {
    round_trip(0);
}

#[test]
fn everything_comes_back_after_all_but_the_first_are_undone() {
    round_trip(1);
}

#[test]
fn everything_comes_back_after_4_and_3_are_undone() {
    round_trip(2);
}

#[test]
fn everything_comes_back_after_4_is_undone() {
    round_trip(3);
}

#[test]
fn a_database_migrated_by_hand_comes_back_too() {
    let database = Database::create(Template::Legacy);
    database.vital(&["migrate", "up", "--replace-policies"]).success();
    let mut client = database.client();
    let before = contents(&mut client);
    down(&database, "0");
    database.vital(&["migrate", "up", "--restore"]).success();
    same(&before, &contents(&mut client));
}

#[test]
fn without_a_decision_nothing_becomes_visible() {
    let database = Database::create(Template::Used);
    down(&database, "1");
    let up = || {
        Run::of(
            database
                .command(&["migrate", "up"])
                .stdin(std::process::Stdio::null()),
        )
    };
    let refused = up().failure(2);
    for part in [
        "put back what was archived on",
        "public.agents (",
        "`--restore` or `--no-restore`",
    ] {
        assert!(refused.stderr.contains(part), "`{part}`: {refused}");
    }
    let private = "select count(*) from public.agents where sharing_mode = 'private'";
    let count = |client: &mut Client| client.query_one(private, &[]).unwrap().get::<_, i64>(0);
    let mut client = database.client();
    database.vital(&["migrate", "up", "--no-restore"]).success();
    assert_eq!(count(&mut client), 0);
    // A later archive takes the place of the one that was left.
    client
        .batch_execute(
            "update public.agents set sharing_mode = 'private', is_shared = false where name = 'of a user'",
        )
        .unwrap();
    down(&database, "1");
    database.vital(&["migrate", "up", "--yes"]).success();
    assert_eq!(count(&mut client), 1);
}

#[test]
fn agents_that_are_gone_are_told_and_new_ones_are_the_platforms() {
    let database = Database::create(Template::Used);
    down(&database, "0");
    let mut client = database.client();
    client
        .batch_execute(
            "delete from public.agents where id = 'c0000000-0000-4000-8000-000000000011';
             insert into public.agents (name) values ('new')",
        )
        .unwrap();
    let run = database.vital(&["migrate", "up", "--restore"]).success();
    assert!(
        run.stdout
            .contains("rows of public.agents from archive set 1; the others' agents are gone"),
        "{run}"
    );
    let new = "select t.slug || ' ' || a.sharing_mode from public.agents a join public.tenants t on t.id = a.tenant_id
        where a.name = 'new'";
    let new: String = client.query_one(new, &[]).unwrap().get(0);
    assert_eq!(new, "vital-platform global");
}

#[test]
fn the_archive_is_closed_to_the_api() {
    let database = Database::create(Template::Used);
    let mut owner = database.client();
    owner
        .batch_execute("alter default privileges grant select on tables to anon, authenticated, service_role")
        .unwrap();
    down(&database, "0");
    // Not even with a way into the schema.
    owner
        .batch_execute("grant usage on schema vital_archive to anon, authenticated, service_role")
        .unwrap();
    for role in ["anon", "authenticated", "service_role"] {
        for table in ["contents", "set_1_tenants", "set_1_agents"] {
            let read = database
                .client_as(role)
                .query(&format!("select from vital_archive.{table}"), &[]);
            let code = read.err().and_then(|error| error.code().cloned());
            assert_eq!(
                code,
                Some(postgres::error::SqlState::INSUFFICIENT_PRIVILEGE),
                "{role} {table}"
            );
        }
    }
}

#[test]
fn rows_that_row_security_hides_stop_the_undoing() {
    let database = Database::on(Server::with(&shared_options()), Template::Migrated);
    let mut admin = database.superuser();
    admin
        .batch_execute("alter role postgres nobypassrls; alter table public.tenants force row level security")
        .unwrap();
    let run = database
        .vital(&["migrate", "down", "--to", "0", "--yes"])
        .failure(1);
    assert!(
        run.stderr
            .contains("row-level security policy for table \"tenants\""),
        "{run}"
    );
    let tenants = "select count(*) from public.tenants";
    assert_eq!(admin.query_one(tenants, &[]).unwrap().get::<_, i64>(0), 2);
}
