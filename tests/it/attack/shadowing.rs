//! Objects of the attacker's own that stand where ours are looked for: in pg_temp, and first on the search_path.

use super::scenario::Scene;
use super::world::{NORTH_READS, agents, tenants, users};

/// What a user may learn and do, which no shadow may change.
fn is_still_a_member_of_north(scene: &mut Scene) {
    let user = users::NORTH_MEMBER;
    scene.reads_exactly(&NORTH_READS);
    for (sql, expected) in [
        (
            "select vital_private.is_platform_admin()".to_owned(),
            "f".to_owned(),
        ),
        ("select vital_private.caller_id()".to_owned(), user.to_string()),
        (
            "select vital_private.platform_admin_tenants()".to_owned(),
            "{}".to_owned(),
        ),
        (
            "select vital_private.readable_tenants()".to_owned(),
            format!("{{{}}}", tenants::NORTH),
        ),
        (
            "select vital_private.writable_tenants()".to_owned(),
            format!("{{{}}}", tenants::NORTH),
        ),
        (
            "select vital_private.member_tenants('{owner,admin}')".to_owned(),
            "{}".to_owned(),
        ),
        (
            "select public.get_current_tenant_id()".to_owned(),
            tenants::NORTH.to_string(),
        ),
        (
            format!("select public.is_platform_admin('{user}')"),
            "f".to_owned(),
        ),
        (
            format!("select public.has_tenant_access('{user}', '{}')", tenants::SOUTH),
            "f".to_owned(),
        ),
        (
            format!("select count(*) from public.get_user_tenants('{user}')"),
            "1".to_owned(),
        ),
        (
            "select count(*) from public.get_tenant_by_slug('south')".to_owned(),
            "0".to_owned(),
        ),
        (
            "select distinct user_id from public.user_tenants".to_owned(),
            user.to_string(),
        ),
        (
            "select count(*) from public.user_roles".to_owned(),
            "0".to_owned(),
        ),
        (
            "select string_agg(slug, ' ') from public.tenants".to_owned(),
            "north".to_owned(),
        ),
    ] {
        assert_eq!(scene.one(&sql), expected, "{sql}");
    }
    let refused = format!("select public.set_tenant_context('{}')", tenants::SOUTH);
    scene.refused(&refused, "42501");
    let forged = format!(
        "insert into public.agents (name, created_by_user_id) values ('x', '{}')",
        users::NORTH_OWNER
    );
    scene.refused(&forged, "42501");
    let moved = format!(
        "update public.agents set tenant_id = '{}' where id = '{}'",
        tenants::SOUTH,
        agents::NORTH_PRIVATE
    );
    scene.refused(&moved, "42501");
    scene.refused(
        "insert into public.tenants (name, slug, type) values ('x', 'x', 'client')",
        "42501",
    );
}

const PATHS: [&str; 4] = [
    "public",
    "pg_temp, public, pg_catalog",
    "pg_temp, pg_catalog, vital_private, public",
    "",
];

#[test]
fn forged_temporary_tables_change_nothing() {
    let mut scene = Scene::open();
    let user = users::NORTH_MEMBER;
    scene.user(user);
    for (table, row) in [
        (
            "user_roles",
            format!("(gen_random_uuid(), '{user}', 'platform_admin', null, now(), null)"),
        ),
        (
            "user_tenants",
            format!(
                "(gen_random_uuid(), '{user}', '{}', 'owner', 'active', null, now(), now(), now(), null)",
                tenants::SOUTH
            ),
        ),
    ] {
        scene.ok(&format!("create temp table {table} (like public.{table})"));
        scene.ok(&format!("insert into pg_temp.{table} values {row}"));
    }
    scene.ok("create temp table tenants (like public.tenants)");
    scene.ok(&format!(
        "insert into pg_temp.tenants (id, name, slug, type, status, created_at, updated_at) \
         values ('{}', 'South', 'south', 'client', 'active', now(), now())",
        tenants::SOUTH
    ));
    scene.ok("create temp table agents (like public.agents)");
    scene.ok("create temp table resource_sharing_audit (like public.resource_sharing_audit)");
    for path in PATHS {
        scene.set("search_path", path);
        is_still_a_member_of_north(&mut scene);
    }
}

#[test]
fn audit_is_not_diverted_into_a_temporary_table() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_OWNER);
    scene.ok("create temp table resource_sharing_audit (like public.resource_sharing_audit)");
    scene.ok("create temp table tenants (like public.tenants)");
    scene.set("search_path", "pg_temp, public");
    scene.ok(&format!(
        "update public.agents set is_shared = true, sharing_mode = 'selective', shared_with = '{{{}}}' \
         where id = '{}'",
        tenants::SOUTH,
        agents::NORTH_PRIVATE
    ));
    let sql = "select count(*) from public.resource_sharing_audit where created_at = now()";
    assert_eq!(scene.owner().one(sql), "2");
}

#[test]
fn forged_temporary_functions_change_nothing() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_MEMBER);
    let victim = users::SOUTH_OWNER;
    for function in [
        format!("uid() returns uuid language sql as $$ select '{victim}'::uuid $$"),
        "is_platform_admin() returns boolean language sql as $$ select true $$".to_owned(),
        "row_security_active(text) returns boolean language sql as $$ select false $$".to_owned(),
        "lower(text) returns text language sql as $$ select 'x' $$".to_owned(),
        format!(
            "nullif(text, text) returns text language sql as $$ select '{}' $$",
            tenants::SOUTH
        ),
        format!("current_setting(text, boolean) returns text language sql as $$ select '{victim}' $$"),
        "jsonb_object_field_text(jsonb, text) returns text language sql as $$ select 'x' $$".to_owned(),
        "array_agg(uuid) returns uuid[] language sql as $$ select '{}'::uuid[] $$".to_owned(),
    ] {
        scene.ok(&format!("create function pg_temp.{function}"));
    }
    for path in PATHS {
        scene.set("search_path", path);
        is_still_a_member_of_north(&mut scene);
    }
}

#[test]
fn forged_temporary_operators_change_nothing() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_MEMBER);
    for (operator, left, right, result) in [
        ("=", "uuid", "uuid", "boolean"),
        ("=", "text", "text", "boolean"),
        ("=", "varchar", "varchar", "boolean"),
        ("&&", "uuid[]", "uuid[]", "boolean"),
    ] {
        let name = format!("forged_{}", left.trim_end_matches("[]").len() + operator.len());
        scene.ok(&format!(
            "create or replace function pg_temp.{name}({left}, {right}) returns {result} language sql \
             immutable as $$ select true $$"
        ));
        scene.ok(&format!(
            "create operator pg_temp.{operator} (leftarg = {left}, rightarg = {right}, function = pg_temp.{name})"
        ));
    }
    for path in PATHS {
        scene.set("search_path", path);
        is_still_a_member_of_north(&mut scene);
    }
}

/// A type of the user's own, with a cast that tells another user, takes the place of `uuid` where it is named without a
/// schema: in `auth.uid()`, when that is evaluated with the user's search_path.
#[test]
fn forged_temporary_types_change_nothing() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_MEMBER);
    for victim in [users::SOUTH_OWNER, users::NORTH_OWNER, users::ADMIN] {
        scene.client().batch_execute("savepoint forged").unwrap();
        scene.ok(&format!(
            "create type pg_temp.uuid as enum ('{}')",
            users::NORTH_MEMBER
        ));
        scene.ok(&format!(
            "create function pg_temp.forge(pg_temp.uuid) returns pg_catalog.uuid language sql immutable \
             as $$ select '{victim}'::pg_catalog.uuid $$"
        ));
        scene.ok("create cast (pg_temp.uuid as pg_catalog.uuid) with function pg_temp.forge(pg_temp.uuid) as assignment");
        for path in ["public", "pg_temp, public, pg_catalog"] {
            scene.set("search_path", path);
            assert_eq!(
                scene.one("select auth.uid()"),
                victim.to_string(),
                "the forgery works"
            );
            is_still_a_member_of_north(&mut scene);
        }
        scene.client().batch_execute("rollback to forged").unwrap();
    }
}

#[test]
fn forged_domains_change_nothing() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_MEMBER);
    scene.ok("create function pg_temp.spy(pg_catalog.text) returns pg_catalog.bool language sql as $$ select true $$");
    for name in ["text", "jsonb", "varchar"] {
        scene.ok(&format!(
            "create domain pg_temp.{name} as pg_catalog.{name} check (pg_temp.spy(value::pg_catalog.text))"
        ));
    }
    for path in ["public", "pg_temp, public, pg_catalog"] {
        scene.set("search_path", path);
        is_still_a_member_of_north(&mut scene);
    }
}

#[test]
fn schema_of_the_attackers_own_changes_nothing() {
    let mut scene = Scene::open();
    // As in an application that lets its users have schemas.
    scene
        .owner()
        .ok("create schema den; grant all on schema den to authenticated");
    scene.user(users::NORTH_MEMBER);
    scene.ok(&format!(
        "create function den.current_setting(text, boolean) returns text language sql stable \
         as $$ select '{}'::text $$",
        users::SOUTH_OWNER
    ));
    scene.ok(
        "create function den.yes(uuid, uuid) returns boolean language sql immutable as $$ select true $$",
    );
    scene.ok("create operator den.= (leftarg = uuid, rightarg = uuid, function = den.yes)");
    scene.ok(
        "create function den.row_security_active(text) returns boolean language sql as $$ select false $$",
    );
    scene.ok("create table den.user_roles as select auth.uid() as user_id, 'platform_admin' as role, null::uuid as tenant_id");
    for path in ["den, public", "den, pg_catalog, public"] {
        scene.set("search_path", path);
        is_still_a_member_of_north(&mut scene);
    }
}
