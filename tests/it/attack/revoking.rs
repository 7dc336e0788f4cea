//! Losing access: with the next statement, in whatever way the tenant was chosen, and for writing too.

use super::scenario::{Scene, Way};
use super::world::{NORTH_READS, agents, tenants, users};
use uuid::Uuid;

/// Asserts that `user`, however they ask for north, may neither read nor write it.
fn is_locked_out(scene: &mut Scene, user: Uuid) {
    for way in [Way::Header, Way::AppMetadata, Way::RawSet] {
        scene
            .asking(user, way, &tenants::NORTH.to_string())
            .reads_only_global();
        let sql = format!(
            "update public.agents set name = 'x' where id = '{}'",
            agents::NORTH_PRIVATE
        );
        assert_eq!(scene.ok(&sql), 0);
        let sql = format!("delete from public.agents where id = '{}'", agents::NORTH_GLOBAL);
        assert_eq!(scene.ok(&sql), 0);
        let sql = format!(
            "insert into public.agents (name, tenant_id) values ('x', '{}')",
            tenants::NORTH
        );
        scene.refused(&sql, "42501");
        scene.refused("insert into public.agents (name) values ('x')", "42501");
    }
}

#[test]
fn member_loses_access_at_the_next_statement() {
    for status in ["suspended", "removed", "invited"] {
        let mut scene = Scene::open();
        scene
            .user(users::NORTH_MEMBER)
            .acting_for(tenants::NORTH)
            .reads_exactly(&NORTH_READS);
        let sql = format!(
            "update public.user_tenants set status = '{status}' where user_id = '{}'",
            users::NORTH_MEMBER
        );
        scene.meanwhile(users::NORTH_MEMBER, &sql).reads_only_global();
        is_locked_out(&mut scene, users::NORTH_MEMBER);
    }
}

#[test]
fn deleted_membership_ends_access_at_the_next_statement() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_MEMBER).acting_for(tenants::NORTH);
    let sql = format!(
        "delete from public.user_tenants where user_id = '{}'",
        users::NORTH_MEMBER
    );
    scene.meanwhile(users::NORTH_MEMBER, &sql).reads_only_global();
    is_locked_out(&mut scene, users::NORTH_MEMBER);
}

#[test]
fn members_lose_access_when_their_tenant_is_closed() {
    for change in [
        "status = 'suspended'",
        "status = 'archived'",
        "status = 'deleted'",
        "status = 'pending'",
        "status = null",
        "deleted_at = now()",
    ] {
        let mut scene = Scene::open();
        scene.user(users::NORTH_OWNER).acting_for(tenants::NORTH);
        let sql = format!(
            "update public.tenants set {change} where id = '{}'",
            tenants::NORTH
        );
        scene.meanwhile(users::NORTH_OWNER, &sql).reads_only_global();
        is_locked_out(&mut scene, users::NORTH_OWNER);
        scene.user(users::NORTH_OWNER);
        assert_eq!(scene.one("select count(*) from public.tenants"), "0", "{change}");
        let sql = format!(
            "select public.has_tenant_access('{}', '{}')",
            users::NORTH_OWNER,
            tenants::NORTH
        );
        assert_eq!(scene.one(&sql), "f", "{change}");
        let sql = format!(
            "select count(*) from public.get_user_tenants('{}')",
            users::NORTH_OWNER
        );
        assert_eq!(scene.one(&sql), "0", "{change}");
    }
}

#[test]
fn guest_who_was_a_member_no_longer_writes() {
    let mut scene = Scene::open();
    let sql = format!(
        "update public.user_tenants set role = 'guest' where user_id = '{}'",
        users::NORTH_MEMBER
    );
    scene
        .meanwhile(users::NORTH_MEMBER, &sql)
        .reads_exactly(&NORTH_READS);
    assert_eq!(scene.ok("update public.agents set name = 'x'"), 0);
}

#[test]
fn platform_admin_loses_everything_with_the_role() {
    let mut scene = Scene::open();
    scene.user(users::ADMIN).acting_for(tenants::NORTH);
    let sql = format!("delete from public.user_roles where user_id = '{}'", users::ADMIN);
    scene.meanwhile(users::ADMIN, &sql).reads_only_global();
    is_locked_out(&mut scene, users::ADMIN);
    scene.user(users::ADMIN);
    assert_eq!(scene.one("select count(*) from public.tenants"), "0");
    assert_eq!(scene.one("select count(*) from public.user_tenants"), "0");
}

#[test]
fn recipient_loses_a_row_that_is_shared_no_more() {
    let mut scene = Scene::open();
    assert!(
        scene
            .user(users::SOUTH_MEMBER)
            .reads()
            .contains(&"north selective".to_owned())
    );
    let sql = format!(
        "update public.agents set shared_with = '{{{}}}' where id = '{}'",
        tenants::EAST,
        agents::NORTH_SELECTIVE
    );
    scene.meanwhile(users::SOUTH_MEMBER, &sql);
    assert!(!scene.reads().contains(&"north selective".to_owned()));
    assert!(
        scene
            .user(users::EAST_OWNER)
            .reads()
            .contains(&"north selective".to_owned())
    );
}

#[test]
fn users_of_a_closed_tenant_stay_locked_out_whatever_they_ask_for() {
    let mut scene = Scene::open();
    let own = [
        (users::FROZEN_OWNER, tenants::FROZEN),
        (users::SHELF_OWNER, tenants::SHELF),
        (users::GONE_OWNER, tenants::GONE),
        (users::EARLY_OWNER, tenants::EARLY),
        (users::GHOST_OWNER, tenants::GHOST),
    ];
    for (user, tenant) in own {
        for way in Way::UNCHECKED {
            scene.asking(user, way, &tenant.to_string()).reads_only_global();
            let sql = format!("insert into public.agents (name, tenant_id) values ('x', '{tenant}')");
            scene.refused(&sql, "42501");
            assert_eq!(scene.ok("update public.agents set name = 'x'"), 0);
            assert_eq!(scene.ok("delete from public.agents"), 0);
        }
    }
}
