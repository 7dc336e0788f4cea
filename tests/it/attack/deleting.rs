//! Deleting: only one's own agents, nothing along with it, and never a tenant that is in use.

use super::scenario::Scene;
use super::world::{agents, tenants, users};

/// Asserts that a foreign key refuses `sql`; from 18 on, the server tells `restrict` from `no action`.
#[track_caller]
fn refused_by_key(scene: &mut Scene, sql: &str) -> String {
    let state = if scene.version() < 18 { "23503" } else { "23001" };
    scene.refused(sql, state)
}

#[test]
fn member_deletes_the_private_rows_of_their_tenant() {
    for user in [users::NORTH_MEMBER, users::NORTH_ADMIN, users::NORTH_OWNER] {
        let mut scene = Scene::open();
        let sql = format!("delete from public.agents where id = '{}'", agents::NORTH_PRIVATE);
        assert_eq!(scene.user(user).ok(&sql), 1);
    }
}

#[test]
fn member_cannot_delete_other_tenants_agent() {
    let mut scene = Scene::open();
    for user in [users::NORTH_MEMBER, users::NORTH_OWNER] {
        scene.user(user);
        for id in [
            agents::SOUTH_PRIVATE,
            agents::SOUTH_GLOBAL,
            agents::FROZEN_PRIVATE,
            agents::NOWHERE,
        ] {
            assert_eq!(
                scene.ok(&format!("delete from public.agents where id = '{id}'")),
                0
            );
        }
    }
    for user in users::LOCKED_OUT {
        assert_eq!(scene.user(user).ok("delete from public.agents"), 0);
    }
    assert_eq!(scene.nobody().ok("delete from public.agents"), 0);
}

#[test]
fn api_roles_truncate_nothing() {
    let mut scene = Scene::open();
    for table in [
        "agents",
        "tenants",
        "user_tenants",
        "user_roles",
        "resource_sharing_audit",
    ] {
        let sql = format!("truncate public.{table}");
        scene.anon().refused(&sql, "42501");
        scene.user(users::ADMIN).refused(&sql, "42501");
        scene.user(users::NORTH_OWNER).refused(&sql, "42501");
        scene.service().refused(&sql, "42501");
        scene.service().refused(&format!("{sql} cascade"), "42501");
    }
}

#[test]
fn tenant_with_agents_cannot_be_deleted() {
    let mut scene = Scene::open();
    scene.ok(&format!(
        "delete from public.user_tenants where tenant_id = '{}'",
        tenants::SHELF
    ));
    let sql = format!("delete from public.tenants where id = '{}'", tenants::SHELF);
    for trusted in [Scene::owner as fn(&mut Scene) -> &mut Scene, Scene::service] {
        let said = refused_by_key(trusted(&mut scene), &sql);
        assert!(said.contains("agents_tenant_id_fkey"), "{said}");
    }
    refused_by_key(scene.user(users::ADMIN), &sql);
}

#[test]
fn tenant_with_memberships_roles_or_audit_cannot_be_deleted() {
    let mut scene = Scene::open();
    let tenant = "select id from public.tenants where slug = 'alone'";
    let insert = [
        (
            "user_tenants_tenant_id_fkey",
            format!(
                "insert into public.user_tenants (user_id, tenant_id, status) values ('{}', ({tenant}), 'removed')",
                users::OUTSIDER
            ),
            "delete from public.user_tenants as m using public.tenants as t where t.id = m.tenant_id and slug = 'alone'",
        ),
        (
            "user_roles_tenant_id_fkey",
            format!(
                "insert into public.user_roles (user_id, role, tenant_id) values ('{}', 'user', ({tenant}))",
                users::OUTSIDER
            ),
            "delete from public.user_roles as m using public.tenants as t where t.id = m.tenant_id and slug = 'alone'",
        ),
        (
            "resource_sharing_audit_affected_tenant_id_fkey",
            format!(
                "update public.agents set shared_with = array[({tenant})] where id = '{}'",
                agents::NORTH_SELECTIVE
            ),
            "select 1",
        ),
    ];
    scene.ok("insert into public.tenants (name, slug, type) values ('Alone', 'alone', 'client')");
    for (constraint, make, unmake) in insert {
        scene.ok(&make);
        let delete = "delete from public.tenants where slug = 'alone'";
        // The audits are kept by a trigger, which says the same on every version.
        let said = match constraint.starts_with("resource_sharing_audit") {
            true => scene.refused(delete, "23503"),
            false => refused_by_key(&mut scene, delete),
        };
        assert!(said.contains(constraint), "{said}");
        scene.ok(unmake);
    }
}

#[test]
fn tenant_that_owns_audit_rows_cannot_be_deleted() {
    let mut scene = Scene::open();
    let frozen = tenants::FROZEN;
    scene.ok(&format!(
        "delete from public.user_tenants where tenant_id = '{frozen}'"
    ));
    scene.ok(&format!("delete from public.agents where tenant_id = '{frozen}'"));
    let said = scene.refused(
        &format!("delete from public.tenants where id = '{frozen}'"),
        "23503",
    );
    assert!(
        said.contains("resource_sharing_audit_owner_tenant_id_fkey"),
        "{said}"
    );
}

#[test]
fn deleted_parent_leaves_its_children() {
    let mut scene = Scene::open();
    scene.ok("insert into public.tenants (name, slug, type) values ('P', 'parent', 'solution')");
    scene.ok("insert into public.tenants (name, slug, type, parent_tenant_id) \
              select 'C', 'child', 'client', id from public.tenants where slug = 'parent'");
    assert_eq!(
        scene
            .user(users::ADMIN)
            .ok("delete from public.tenants where slug = 'parent'"),
        1
    );
    let sql = "select parent_tenant_id from public.tenants where slug = 'child'";
    assert_eq!(scene.one(sql), "null");
}

#[test]
fn platform_tenant_is_neither_deleted_nor_changed_in_kind() {
    let mut scene = Scene::open();
    let platform = tenants::PLATFORM;
    for trusted in [
        Scene::owner as fn(&mut Scene) -> &mut Scene,
        Scene::service,
        |scene| scene.user(users::ADMIN),
    ] {
        trusted(&mut scene);
        let said = scene.refused(
            &format!("delete from public.tenants where id = '{platform}'"),
            "23001",
        );
        assert!(
            said.starts_with("the platform tenant cannot be deleted"),
            "{said}"
        );
        for (change, state) in [
            ("type = 'client'", "23001"),
            ("id = gen_random_uuid()", "23001"),
            ("status = 'suspended'", "23514"),
            ("status = null", "23514"),
            ("deleted_at = now()", "23514"),
        ] {
            let sql = format!("update public.tenants set {change} where id = '{platform}'");
            scene.refused(&sql, state);
        }
    }
}

#[test]
fn truncating_tenants_takes_nothing_along() {
    let mut scene = Scene::open();
    scene.refused("truncate public.tenants", "0A000");
    scene.refused("truncate public.tenants cascade", "42501");
    assert_eq!(scene.owner().reads().len(), 15);
}
