//! The database that was migrated by hand, and one whose history was lost, end where a fresh one does.

use std::collections::BTreeSet;
use std::fs::File;

use postgres::Client;
use vital::server::Signal;

use crate::support::catalog::catalog;
use crate::support::{Database, Server, Template, shared_options};

fn same(one: &BTreeSet<String>, other: &BTreeSet<String>) {
    let difference: Vec<_> = one.symmetric_difference(other).collect();
    assert!(difference.is_empty(), "{difference:#?}");
    assert!(one.len() > 200, "{} lines", one.len());
}

/// The ids of everything that somebody put there.
fn rows(client: &mut Client) -> BTreeSet<String> {
    let sql = "select 'agent ' || id from agents union all select 'tenant ' || id from tenants
        union all select format('member %s %s %s %s', user_id, tenant_id, role, status) from user_tenants
        union all select format('role %s %s %s', user_id, role, tenant_id) from user_roles
        union all select 'audit ' || id from resource_sharing_audit";
    let rows = client.query(sql, &[]).unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[test]
fn hand_migrated_database_ends_in_the_same_catalog_and_loses_no_row() {
    let fresh = catalog(&mut Database::create(Template::Migrated).client());
    let db = Database::create(Template::Legacy);
    let before = rows(&mut db.client());
    db.vital(&["migrate", "up", "--replace-policies"]).success();
    same(&fresh, &catalog(&mut db.client()));
    let after = rows(&mut db.client());
    let lost: Vec<_> = before.difference(&after).collect();
    assert!(lost.is_empty(), "{lost:?}");
}

#[test]
fn who_owned_no_tenant_at_all_is_a_user_afterwards() {
    let db = Database::create(Template::Legacy);
    let mut client = db.client();
    client
        .batch_execute(
            "insert into public.user_roles (user_id, role) values
                ('a0000000-0000-4000-8000-000000000005', 'tenant_owner'),
                ('a0000000-0000-4000-8000-000000000006', 'tenant_admin')",
        )
        .unwrap();
    db.vital(&["migrate", "up", "--replace-policies"]).success();
    let sql = "select count(*) from public.user_roles where role = 'user' and tenant_id is null
        and right(user_id::text, 2) in ('05', '06')";
    assert_eq!(client.query_one(sql, &[]).unwrap().get::<_, i64>(0), 2);
    db.vital(&["verify", "--only", "shape-*"]).success();
}

#[test]
fn no_hand_migrated_agent_is_opened_to_more_tenants() {
    let db = Database::create(Template::Legacy);
    // What the sharing columns said together, for the agents that had an owner.
    let readers = "select a.id::text || ' ' || t.slug from agents a cross join tenants t
        where a.tenant_id is not null and (a.tenant_id = t.id or (a.is_shared and (a.sharing_mode = 'global'
            or (a.sharing_mode = 'selective' and t.id = any (a.shared_with)))))";
    let readers = |db: &Database, with: &str| -> BTreeSet<String> {
        let rows = db.client().query(&format!("{readers} {with}"), &[]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let before = readers(&db, "");
    let owned: Vec<String> = before.iter().map(|line| format!("'{}'", &line[..36])).collect();
    db.vital(&["migrate", "up", "--replace-policies"]).success();
    let after = readers(&db, &format!("and a.id in ({})", owned.join(", ")));
    assert_eq!(before, after);
}

#[test]
fn lost_history_is_made_up_for_by_applying_again() {
    let db = Database::create(Template::Migrated);
    let mut client = db.client();
    let (fresh, before) = (catalog(&mut client), rows(&mut client));
    client
        .batch_execute("truncate vital_private.refinery_schema_history")
        .unwrap();
    db.vital(&["migrate", "up"]).success();
    same(&fresh, &catalog(&mut client));
    assert_eq!(before, rows(&mut client));
}

#[test]
fn standby_is_told_apart_before_anything_is_tried() {
    let mut options = shared_options();
    options
        .settings
        .push(("listen_addresses".to_owned(), String::new()));
    let mut db = Database::on(Server::with(&options), Template::PreState);
    let standby = db.server().directory.join("data/standby.signal");
    db.server().cluster().halt(Signal::Fast).unwrap();
    File::create(standby).unwrap();
    db.server().cluster().resume().unwrap();
    let run = db.vital(&["migrate", "up", "--replace-policies"]).failure(1);
    assert!(run.stderr.contains("primary"), "{run}");
    let status = db.vital(&["migrate", "status"]).success();
    assert!(status.stdout.contains("pending"), "{status}");
}

#[test]
fn recipient_that_was_named_twice_is_named_once() {
    let db = Database::create(Template::Legacy);
    let mut client = db.client();
    let twice = "update agents set shared_with = shared_with || shared_with where sharing_mode = 'selective'";
    assert!(client.execute(twice, &[]).unwrap() > 5);
    let recipients = "select a.id::text || string_agg(distinct t.id::text, ' ' order by t.id::text) from agents a, \
                      unnest(a.shared_with) as t (id) where a.sharing_mode = 'selective' and a.is_shared group by a.id";
    let recipients = |client: &mut Client| -> BTreeSet<String> {
        let rows = client.query(recipients, &[]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let before = recipients(&mut client);
    db.vital(&["migrate", "up", "--replace-policies"]).success();
    assert_eq!(recipients(&mut client), before);
    let repeated = "select count(*) from agents where sharing_mode = 'selective' and cardinality(shared_with) <> \
                    (select count(distinct t) from unnest(shared_with) as t)";
    assert_eq!(client.query_one(repeated, &[]).unwrap().get::<_, i64>(0), 0);
    let constraint = "select convalidated from pg_constraint where conname = 'agents_sharing_check'";
    assert!(client.query_one(constraint, &[]).unwrap().get::<_, bool>(0));
}

#[test]
fn agent_that_is_shared_with_too_many_tenants_stops_the_migration_before_agents_change() {
    let db = Database::create(Template::Legacy);
    let mut client = db.client();
    let many = "update agents set shared_with = (select array_agg(gen_random_uuid()) from generate_series(1, 201)) \
                where id = (select id from agents where sharing_mode = 'selective' order by id limit 1)";
    client.execute(many, &[]).unwrap();
    let run = db.vital(&["migrate", "up", "--replace-policies"]).failure(1);
    assert!(
        run.stderr
            .contains("agents that are shared with more than 200 tenants: 1"),
        "{run}"
    );
    assert!(run.stderr.contains("sharing_mode = 'global'"), "{run}");
    let constraint = "select count(*) from pg_constraint where conname = 'agents_sharing_check'";
    assert_eq!(client.query_one(constraint, &[]).unwrap().get::<_, i64>(0), 0);
}
