//! Who reads which agents: those of the acting tenant, global ones, and those shared with it.

use super::scenario::{Scene, Way};
use super::world::{GLOBAL, NORTH_READS, SOUTH_READS, agents, tenants, users};

#[test]
fn every_role_of_a_tenant_reads_its_rows_and_those_shared_with_it() {
    let mut scene = Scene::open();
    for user in [
        users::NORTH_OWNER,
        users::NORTH_ADMIN,
        users::NORTH_MEMBER,
        users::NORTH_GUEST,
    ] {
        scene.user(user).reads_exactly(&NORTH_READS);
    }
    for user in [users::SOUTH_OWNER, users::SOUTH_ADMIN, users::SOUTH_MEMBER] {
        scene.user(user).reads_exactly(&SOUTH_READS);
    }
    let east = ["east private", "south selective"];
    scene
        .user(users::EAST_OWNER)
        .reads_exactly(&[&GLOBAL[..], &east[..]].concat());
}

#[test]
fn membership_that_does_not_count_leaves_the_one_that_does() {
    let mut scene = Scene::open();
    scene.user(users::HALF).reads_exactly(&NORTH_READS);
    scene.user(users::SPLIT).reads_exactly(&NORTH_READS);
}

#[test]
fn users_without_access_to_a_tenant_read_global_rows_only() {
    let mut scene = Scene::open();
    for user in users::LOCKED_OUT {
        scene.user(user).reads_only_global();
    }
    scene.nobody().reads_only_global();
}

#[test]
fn member_of_two_tenants_who_chose_none_reads_global_rows_only() {
    let mut scene = Scene::open();
    scene.user(users::BOTH).reads_only_global();
    scene.user(users::MIXED).reads_only_global();
}

#[test]
fn member_of_two_tenants_reads_one_at_a_time() {
    let mut scene = Scene::open();
    scene
        .user(users::BOTH)
        .acting_for(tenants::NORTH)
        .reads_exactly(&NORTH_READS)
        .acting_for(tenants::SOUTH)
        .reads_exactly(&SOUTH_READS);
}

#[test]
fn platform_admin_reads_every_agent() {
    let mut scene = Scene::open();
    let all = scene.owner().reads();
    assert_eq!(all.len(), 15);
    assert_eq!(scene.user(users::ADMIN).reads(), all);
    let counts = "select count(*) from public.agents";
    let count = scene.owner().one(counts);
    assert_eq!(scene.user(users::ADMIN).one(counts), count);
}

#[test]
fn platform_admin_reads_every_agent_whatever_tenant_they_ask_for() {
    let mut scene = Scene::open();
    for way in Way::UNCHECKED {
        for asked in [
            tenants::SOUTH.to_string(),
            tenants::NOWHERE.to_string(),
            "x".to_owned(),
        ] {
            assert_eq!(
                scene.asking(users::ADMIN, way, &asked).reads().len(),
                15,
                "{way:?} {asked}"
            );
        }
    }
}

#[test]
fn platform_support_is_no_platform_admin() {
    let mut scene = Scene::open();
    scene.user(users::SUPPORT).reads_only_global();
    assert_eq!(
        scene.one(&format!("select public.is_platform_admin('{}')", users::SUPPORT)),
        "f"
    );
    assert_eq!(
        scene.column("select slug from public.tenants"),
        Vec::<String>::new()
    );
}

#[test]
fn platform_admin_bound_to_a_tenant_would_be_none() {
    let mut scene = Scene::open();
    scene.ok("alter table public.user_roles drop constraint user_roles_platform_admin_check");
    scene.ok(&format!(
        "insert into public.user_roles (user_id, role, tenant_id) values ('{}', 'platform_admin', '{}')",
        users::OUTSIDER,
        tenants::NORTH
    ));
    scene.user(users::OUTSIDER).reads_only_global();
    assert_eq!(scene.one("select vital_private.is_platform_admin()"), "f");
    let sql = format!("select public.is_platform_admin('{}')", users::OUTSIDER);
    assert_eq!(scene.one(&sql), "f");
    scene.refused(
        "insert into public.tenants (name, slug, type) values ('x', 'x', 'client')",
        "42501",
    );
}

#[test]
fn anon_reads_nothing_at_all() {
    let mut scene = Scene::open();
    scene.anon();
    for table in [
        "agents",
        "tenants",
        "user_tenants",
        "user_roles",
        "resource_sharing_audit",
    ] {
        scene.refused(&format!("select 1 from public.{table}"), "42501");
        scene.refused(&format!("select count(*) from public.{table}"), "42501");
        scene.refused(&format!("copy public.{table} to stdout"), "42501");
    }
}

#[test]
fn anon_with_the_token_of_an_admin_reads_nothing() {
    let mut scene = Scene::open();
    scene
        .anon()
        .set("request.jwt.claims", &format!(r#"{{"sub": "{}"}}"#, users::ADMIN))
        .refused("select 1 from public.agents", "42501");
}

#[test]
fn trusted_roles_read_everything() {
    let mut scene = Scene::open();
    assert_eq!(scene.service().reads().len(), 15);
    assert_eq!(scene.owner().reads().len(), 15);
}

#[test]
fn selective_row_is_invisible_to_who_is_not_named() {
    let mut scene = Scene::open();
    let sql = format!(
        "select 1 from public.agents where id = '{}'",
        agents::NORTH_SELECTIVE
    );
    assert_eq!(scene.user(users::EAST_OWNER).column(&sql).len(), 0);
    assert_eq!(scene.user(users::SOUTH_MEMBER).column(&sql).len(), 1);
}

#[test]
fn leftover_recipients_of_a_row_that_is_not_selective_open_nothing() {
    let mut scene = Scene::open();
    scene.ok("alter table public.agents drop constraint agents_sharing_check");
    let sql = format!(
        "update public.agents set sharing_mode = 'private', is_shared = false where id = '{}'",
        agents::NORTH_SELECTIVE
    );
    scene.ok(&sql);
    let seen = scene.user(users::SOUTH_OWNER).reads();
    assert!(!seen.contains(&"north selective".to_owned()), "{seen:?}");
}

#[test]
fn row_without_a_tenant_is_nobodys() {
    let mut scene = Scene::open();
    scene.ok("alter table public.agents disable trigger agents_10_guard");
    let sql = format!(
        "update public.agents set tenant_id = null where id = '{}'",
        agents::NORTH_PRIVATE
    );
    scene.ok(&sql);
    for user in [users::NORTH_OWNER, users::OUTSIDER, users::SOUTH_OWNER] {
        let seen = scene.user(user).reads();
        assert!(!seen.contains(&"north private".to_owned()), "{seen:?}");
    }
}

#[test]
fn copy_to_gives_no_more_than_select() {
    use std::io::Read;

    let mut scene = Scene::open();
    scene.user(users::NORTH_MEMBER);
    let mut text = String::new();
    let sql = "copy public.agents (name) to stdout";
    scene
        .client()
        .copy_out(sql)
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    assert!(text.contains("north private"));
    for hidden in [
        "south private",
        "south selective",
        "east private",
        "platform private",
    ] {
        assert!(!text.contains(hidden), "{hidden}");
    }
}

#[test]
fn view_that_runs_as_its_caller_isolates() {
    let mut scene = Scene::open();
    if scene.version() < 15 {
        println!("skipped: PostgreSQL 14 has no security_invoker views");
        return;
    }
    scene.ok("create view public.peek with (security_invoker = true) as select name from public.agents");
    scene.ok("grant select on public.peek to authenticated");
    let count = scene.owner().one("select count(*) from public.peek");
    assert_eq!(
        scene.user(users::ADMIN).one("select count(*) from public.peek"),
        count
    );
    let sql = "select name from public.peek where name like '% private' order by 1";
    assert_eq!(scene.user(users::NORTH_MEMBER).column(sql), ["north private"]);
    assert_eq!(scene.user(users::OUTSIDER).column(sql), Vec::<String>::new());
}

#[test]
fn view_made_by_a_user_gives_no_more_than_select() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_MEMBER);
    scene.ok("create temp view peek as select name from public.agents where name like '% private'");
    assert_eq!(scene.column("select name from pg_temp.peek"), ["north private"]);
    // The view belongs to `authenticated`, so another user may look through it, and sees their own.
    scene.user(users::SOUTH_MEMBER);
    assert_eq!(scene.column("select name from pg_temp.peek"), ["south private"]);
    if scene.version() >= 15 {
        scene.refused("create view public.peek as select 1", "42501");
    }
}
