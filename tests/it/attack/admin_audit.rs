//! The audit of tenants, memberships and roles: every change by any path, and nobody writes or reads it who should not.

use super::scenario::Scene;
use super::world::{tenants, users};

/// What this transaction has left in the audit.
fn written(scene: &mut Scene) -> Vec<String> {
    let sql = "select concat_ws(' ', action, right(tenant_id::text, 2), right(user_id::text, 2), \
                   'by', database_role, right(api_user_id::text, 2), os_user, before ->> 'role', after ->> 'role') \
               from vital_private.admin_audit where recorded_at >= now() order by id";
    scene.owner().column(sql)
}

fn rebrand() -> String {
    format!(
        "update public.tenants set branding = '{{\"logo\": 1}}' where id = '{}'",
        tenants::NORTH
    )
}

#[test]
fn change_by_a_user_is_recorded_with_the_user() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_OWNER).ok(&rebrand());
    scene.user(users::ADMIN);
    scene.ok("insert into public.tenants (name, slug, type) values ('x', 'new', 'client')");
    let lines = written(&mut scene);
    assert_eq!(lines[0], "tenant_changed 01 by postgres 11");
    assert!(lines[1].starts_with("tenant_created "), "{lines:?}");
    assert!(lines[1].ends_with(" by postgres 01"), "{lines:?}");
    let sql = "select (before -> 'branding') || (after -> 'branding') from vital_private.admin_audit \
               where recorded_at >= now() and action = 'tenant_changed'";
    assert_eq!(scene.one(sql), r#"{"logo": 1}"#);
}

#[test]
fn granting_and_revoking_is_recorded_by_every_path() {
    let mut scene = Scene::open();
    let user = users::OUTSIDER;
    scene
        .service()
        .ok(&format!("select public.grant_platform_admin('{user}')"));
    scene.owner();
    scene.ok(&format!("delete from public.user_roles where user_id = '{user}'"));
    scene.ok(&format!(
        "insert into public.user_tenants (user_id, tenant_id, role) values ('{user}', '{}', 'guest')",
        tenants::EAST
    ));
    scene.ok(&format!(
        "update public.user_tenants set role = 'owner' where user_id = '{user}'"
    ));
    scene.ok(&format!(
        "delete from public.user_tenants where user_id = '{user}'"
    ));
    let expected = [
        "role_granted 95 by postgres platform_admin",
        "role_revoked 95 by postgres platform_admin",
        "member_added 03 95 by postgres guest",
        "member_changed 03 95 by postgres guest owner",
        "member_deleted 03 95 by postgres owner",
    ];
    assert_eq!(written(&mut scene), expected);
}

#[test]
fn truncating_is_recorded() {
    let mut scene = Scene::open();
    scene.ok("truncate public.user_roles, public.user_tenants");
    let expected = [
        "user_roles_truncated by postgres",
        "user_tenants_truncated by postgres",
    ];
    assert_eq!(written(&mut scene), expected);
}

#[test]
fn operator_is_not_believed_through_the_api() {
    let mut scene = Scene::open();
    for operator in [r#"{"os_user": "root"}"#, "garbage"] {
        scene
            .user(users::NORTH_OWNER)
            .set("vital.operator", operator)
            .ok(&rebrand());
        scene.service();
        scene.ok("update public.tenants set metadata = '{\"a\": 1}' where slug = 'south'");
        scene.ok(
            "update public.tenants set metadata = '{}', branding = '{}' where slug in ('north', 'south')",
        );
    }
    scene.set("vital.operator", r#"{"os_user": "root"}"#);
    assert!(written(&mut scene).iter().all(|line| !line.contains("root")));
    let sql = "delete from public.user_roles where role = 'tenant_owner'";
    scene.owner().ok(sql);
    assert!(written(&mut scene).iter().any(|line| line.contains(" root ")));
}

#[test]
fn nobody_edits_the_admin_audit() {
    let mut scene = Scene::open();
    for sql in [
        "update vital_private.admin_audit set api_user_id = null",
        "delete from vital_private.admin_audit",
        "truncate vital_private.admin_audit",
        "insert into vital_private.admin_audit (action, table_name, database_role) values ('x', 'x', 'x')",
    ] {
        for actor in [
            Scene::anon as fn(&mut Scene) -> &mut Scene,
            Scene::service,
            |scene| scene.user(users::NORTH_OWNER),
            |scene| scene.user(users::ADMIN),
        ] {
            actor(&mut scene).refused(sql, "42501");
        }
        if !sql.starts_with("insert") {
            scene.owner().refused(sql, "42501");
        }
    }
}

#[test]
fn nobody_but_the_owner_reads_the_admin_audit() {
    let mut scene = Scene::open();
    let sql = "select count(*) > 0 from vital_private.admin_audit";
    for user in [users::NORTH_OWNER, users::ADMIN, users::OUTSIDER] {
        scene.user(user).refused(sql, "42501");
    }
    scene.anon().refused(sql, "42501");
    scene.service().refused(sql, "42501");
    assert_eq!(scene.owner().one(sql), "t");
}
