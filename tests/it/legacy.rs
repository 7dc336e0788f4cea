//! The database that was migrated by hand, and one whose history was lost, end where a fresh one does.

use std::collections::BTreeSet;
use std::fs::File;

use postgres::Client;
use vital::server::Signal;

use crate::support::{Database, Server, Template, shared_options};

/// Everything that the migrations define, a line each.
const CATALOG: &str = "
    select format('column %s.%s %s %s %s', a.attrelid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
        a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) as line
    from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid in (select oid from tables) and a.attnum > 0 and not a.attisdropped
    union all
    select format('constraint %s %s %s %s', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid))
    from pg_constraint where conrelid in (select oid from tables) and contype <> 'n'
    union all
    select format('index %s %s %s', indexrelid::regclass, indisvalid, pg_get_indexdef(indexrelid))
    from pg_index where indrelid in (select oid from tables)
    union all
    select format('trigger %s %s', tgenabled, pg_get_triggerdef(oid))
    from pg_trigger where tgrelid in (select oid from tables) and not tgisinternal
    union all
    select format('policy %s', to_jsonb(p)) from pg_policies p
    where schemaname = 'public' and tablename in (select relname from pg_class where oid in (select oid from tables))
    union all
    select format('table %s %s %s %s', oid::regclass, relrowsecurity, relforcerowsecurity, relacl::text)
    from pg_class where oid in (select oid from tables)
    union all
    select format('column acl %s.%s %s', attrelid::regclass, attname, attacl::text)
    from pg_attribute where attrelid in (select oid from tables) and attacl is not null
    union all
    select format('function %s %s %s', oid::regprocedure, proacl::text, pg_get_functiondef(oid))
    from pg_proc
    where pronamespace in ('public'::regnamespace, 'vital_private'::regnamespace, 'vital_retired'::regnamespace)
    union all
    select format('schema %s %s', nspname, nspacl::text) from pg_namespace where nspname ~ '^(public|vital_)'
    union all
    select format('comment %s %s %s', objoid::regclass, objsubid, description)
    from pg_description where classoid = 'pg_class'::regclass and objoid in (select oid from tables)";

/// The function of the earlier form that other tables of an application may share; it stays.
const FOREIGN: &str = "function update_updated_at_column()";

/// Everything that the migrations define in the database.
pub fn catalog(client: &mut Client) -> BTreeSet<String> {
    let tables = "with tables as (select c.oid from pg_class c where c.relkind = 'r' and (
            c.relnamespace = 'vital_private'::regnamespace
            or c.oid::regclass::text in ('agents', 'tenants', 'user_tenants', 'user_roles', 'resource_sharing_audit')
        ))";
    let rows = client.query(&format!("{tables} {CATALOG}"), &[]).unwrap();
    let lines = rows.iter().map(|row| row.get::<_, String>(0));
    lines.filter(|line| !line.starts_with(FOREIGN)).collect()
}

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
