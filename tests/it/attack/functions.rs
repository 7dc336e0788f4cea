//! Functions: how they are built, and what the trusted ones do.

use super::databases::{both, lines};
use super::scenario::Scene;
use super::world::users;
use crate::support::{Database, Template};

const OURS: &str = "p.pronamespace in ('public'::regnamespace, 'vital_private'::regnamespace)";

#[test]
fn every_function_fixes_its_search_path_and_nothing_else() {
    let sql = format!(
        "select p.oid::regprocedure::text from pg_proc as p where {OURS} \
         and p.proconfig is distinct from array['search_path=pg_catalog, pg_temp']"
    );
    both(|client, kind| assert_eq!(lines(client, &sql), Vec::<String>::new(), "{kind}"));
}

#[test]
fn functions_run_as_their_owner_only_where_they_read_or_write_what_the_caller_may_not() {
    let sql =
        format!("select p.oid::regproc::text from pg_proc as p where {OURS} and p.prosecdef order by 1");
    let expected = [
        "public.assign_user_to_dh_startup",
        "public.grant_platform_admin",
        "vital_private.assert_current_rights",
        "vital_private.audit_admin",
        "vital_private.audit_agent",
        "vital_private.check_recipients",
        "vital_private.has_account",
        "vital_private.is_known_gone",
        "vital_private.is_platform_admin",
        "vital_private.member_tenants",
        "vital_private.platform_admin_tenants",
        "vital_private.readable_tenants",
        "vital_private.settle_agent_id",
    ];
    both(|client, kind| {
        client.batch_execute("set search_path = pg_catalog").unwrap();
        assert_eq!(lines(client, &sql), expected, "{kind}");
    });
}

#[test]
fn functions_state_how_they_may_be_planned() {
    let sql = format!(
        "select concat_ws(' ', p.proname, p.provolatile, p.proparallel, case when p.proisstrict then 'strict' end, \
             case when p.proleakproof then 'leakproof' end) \
         from pg_proc as p where {OURS} and p.prorettype <> 'trigger'::regtype \
         and (p.provolatile, p.proparallel) <> ('v', 'u') order by p.oid::regprocedure::text"
    );
    let expected = [
        "can_access_resource i s",
        "get_current_tenant_id s s",
        "get_super_admin_tenant_id i s",
        "get_tenant_by_domain s s",
        "get_tenant_by_slug s s",
        "get_user_tenants s s",
        "has_tenant_access s s",
        "is_platform_admin s s",
        "administered_tenants s s",
        "audited_tenant s u",
        "author_id s u",
        "brief i s",
        "caller_id s s",
        "check_document i u",
        "has_account s s",
        "initial_count s u",
        "is_author s s",
        "is_gone s s",
        "is_json i s",
        "is_known_gone s s",
        "is_platform_admin s s",
        "member_tenants s s",
        "moment s s",
        "own_path s u",
        "platform_admin_tenants s s",
        "readable_tenants s s",
        "requested_tenant s s",
        "require_users s u",
        "writable_tenants s s",
    ];
    both(|client, kind| {
        client.batch_execute("set search_path = pg_catalog").unwrap();
        assert_eq!(lines(client, &sql), expected, "{kind}");
    });
}

#[test]
fn no_parallel_safe_function_catches_exceptions() {
    let sql = format!(
        "select p.oid::regprocedure::text from pg_proc as p where {OURS} and p.proparallel = 's' \
         and p.prosrc ~* '\\mexception\\s+when\\M'"
    );
    both(|client, kind| assert_eq!(lines(client, &sql), Vec::<String>::new(), "{kind}"));
}

#[test]
fn everything_of_ours_belongs_to_the_migrating_role() {
    let sql = "
        select p.oid::regprocedure::text from pg_proc as p
        where p.pronamespace in ('public'::regnamespace, 'vital_private'::regnamespace)
          and p.proowner <> current_user::regrole
        union all
        select c.oid::regclass::text from pg_class as c
        where c.relnamespace in ('public'::regnamespace, 'vital_private'::regnamespace)
          and c.relowner <> current_user::regrole
        union all
        select n.nspname::text from pg_namespace as n
        where n.nspname like 'vital\\_%' and n.nspowner <> current_user::regrole";
    both(|client, kind| assert_eq!(lines(client, sql), Vec::<String>::new(), "{kind}"));
}

#[test]
fn no_retired_function_is_left() {
    let sql = "select p.oid::regprocedure::text from pg_proc as p where p.pronamespace = 'vital_retired'::regnamespace";
    both(|client, kind| assert_eq!(lines(client, sql), Vec::<String>::new(), "{kind}"));
}

#[test]
fn trusted_role_grants_a_platform_admin_who_exists_once() {
    let mut scene = Scene::open();
    for _ in 0..2 {
        let sql = format!("select public.grant_platform_admin('{}')", users::OUTSIDER);
        scene.service().ok(&sql);
    }
    let sql = format!(
        "select string_agg(role || coalesce(tenant_id::text, ''), ' ') from public.user_roles where user_id = '{}'",
        users::OUTSIDER
    );
    assert_eq!(scene.one(&sql), "platform_admin");
    let nobody = "select public.grant_platform_admin('b0000000-0000-4000-8000-0000000000ff')";
    scene.refused(nobody, "23503");
    scene.refused("select public.grant_platform_admin(null)", "22004");
}

#[test]
fn a_renamed_dh_startup_is_found_by_its_id() {
    let mut scene = Scene::open();
    scene.ok("update public.tenants set slug = 'dhs' where slug = 'digital-health-startup'");
    let sql = format!("select public.assign_user_to_dh_startup('{}')", users::OUTSIDER);
    scene.service().ok(&sql);
    let sql = format!(
        "select t.slug from public.user_tenants as m join public.tenants as t on t.id = m.tenant_id \
         where m.user_id = '{}'",
        users::OUTSIDER
    );
    assert_eq!(scene.owner().column(&sql), ["dhs"]);
    // Neither does running migration 4 again make a second one.
    let again = std::fs::read_to_string(&crate::support::migrations::files()[3]).unwrap();
    scene.ok(&again);
    let sql = "select count(*) from public.tenants where slug = 'digital-health-startup'";
    assert_eq!(scene.one(sql), "0");
}

#[test]
fn trusted_role_assigns_members_and_keeps_roles_in_step() {
    let mut scene = Scene::open();
    let state = format!(
        "select concat_ws(' ', m.role, m.status, string_agg(r.role, '+')) from public.user_tenants as m \
         left join public.user_roles as r on (r.user_id, r.tenant_id) = (m.user_id, m.tenant_id) \
         where m.user_id = '{}' group by m.role, m.status",
        users::OUTSIDER
    );
    for (role, expected) in [
        ("", "member active user"),
        (", 'owner'", "owner active tenant_owner"),
        (", 'admin'", "admin active tenant_admin"),
        (", 'guest'", "guest active user"),
    ] {
        let sql = format!(
            "select public.assign_user_to_dh_startup('{}'{role})",
            users::OUTSIDER
        );
        for _ in 0..2 {
            scene.service().ok(&sql);
            assert_eq!(scene.one(&state), expected);
        }
    }
    for status in ["removed", "suspended", "invited"] {
        let sql = format!(
            "update public.user_tenants set status = '{status}' where user_id = '{}'",
            users::OUTSIDER
        );
        scene.owner().ok(&sql);
        let sql = format!("select public.assign_user_to_dh_startup('{}')", users::OUTSIDER);
        scene.service().ok(&sql);
        assert_eq!(scene.one(&state), "member active user");
    }
    let sql = |arguments: &str| format!("select public.assign_user_to_dh_startup({arguments})");
    scene.refused(&sql(&format!("'{}', 'platform_admin'", users::OUTSIDER)), "22023");
    scene.refused(&sql(&format!("'{}', null", users::OUTSIDER)), "22023");
    scene.refused(&sql("'b0000000-0000-4000-8000-0000000000ff'"), "23503");
    scene.refused(&sql("null"), "22004");
}

#[test]
fn triggers_of_others_name_tables_as_they_do_in_any_session() {
    let database = Database::create(Template::World);
    let mut owner = database.client();
    let path = format!(
        "alter role postgres in database {} set search_path = public, shop",
        database.name()
    );
    let log = "
        create schema shop;
        create table public.member_log (who uuid);
        create table shop.audit (who uuid);
        create function public.log_it() returns trigger language plpgsql as $$
        begin
            insert into member_log values (new.user_id);
            insert into audit values (new.user_id);
            return new;
        end
        $$;
        create trigger log_before before insert on public.user_tenants for each row execute function public.log_it();
        create trigger log_after after insert or update on public.user_roles for each row execute function public.log_it();";
    owner.batch_execute(&path).unwrap();
    owner.batch_execute(log).unwrap();
    // What the session says of its path is the client's, and not for what runs as the owner.
    let mut service = database.client_as("service_role");
    service.batch_execute("set search_path = pg_temp").unwrap();
    for _ in 0..2 {
        service
            .batch_execute(&format!(
                "select public.assign_user_to_dh_startup('{0}'), public.grant_platform_admin('{0}')",
                users::OUTSIDER
            ))
            .unwrap();
    }
    let path: String = service.query_one("show search_path", &[]).unwrap().get(0);
    assert_eq!(path, "pg_temp");
    let user = users::HALF.to_string();
    database
        .vital(&["assign-user", &user, "--tenant", "east", "--yes"])
        .success();
    database.vital(&["grant-admin", &user, "--yes"]).success();
    for table in ["public.member_log", "shop.audit"] {
        let sql = format!("select count(*) from {table}");
        assert_eq!(owner.query_one(&sql, &[]).unwrap().get::<_, i64>(0), 6, "{table}");
    }
}

#[test]
fn can_access_resource_is_never_true_for_null() {
    let mut scene = Scene::open();
    scene.user(users::OUTSIDER);
    let (owner, other) = (
        "'10000000-0000-4000-8000-000000000001'",
        "'10000000-0000-4000-8000-000000000002'",
    );
    for (arguments, expected) in [
        (format!("{owner}, false, 'private', null, {owner}"), "t"),
        (format!("{owner}, false, 'private', null, {other}"), "f"),
        (format!("{owner}, true, 'global', null, {other}"), "t"),
        (format!("{owner}, true, 'global', null, null"), "t"),
        (format!("{owner}, false, 'global', null, {other}"), "f"),
        (format!("{owner}, null, 'global', null, {other}"), "f"),
        (format!("{owner}, true, null, null, {other}"), "f"),
        (
            format!("{owner}, true, 'selective', array[{other}]::uuid[], {other}"),
            "t",
        ),
        (
            format!("{owner}, true, 'selective', array[{owner}]::uuid[], {other}"),
            "f",
        ),
        (
            format!("{owner}, true, 'private', array[{other}]::uuid[], {other}"),
            "f",
        ),
        (
            format!("{owner}, false, 'selective', array[{other}]::uuid[], {other}"),
            "f",
        ),
        (
            format!("{owner}, true, 'selective', array[null]::uuid[], {other}"),
            "f",
        ),
        (
            format!("{owner}, true, 'selective', array[null]::uuid[], null"),
            "f",
        ),
        (format!("{owner}, true, 'selective', null, {other}"), "f"),
        ("null, true, 'selective', null, null".to_owned(), "f"),
        ("null, null, null, null, null".to_owned(), "f"),
    ] {
        let sql = format!("select public.can_access_resource({arguments})");
        assert_eq!(scene.one(&sql), expected, "{arguments}");
    }
}
