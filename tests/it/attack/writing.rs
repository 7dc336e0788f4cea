//! Inserting and updating: into one's own tenant, as oneself, and nothing of others.

use super::scenario::Scene;
use super::world::{agents, tenants, users};
use uuid::Uuid;

fn insert_into(tenant: Uuid) -> String {
    format!("insert into public.agents (name, tenant_id) values ('new', '{tenant}')")
}

#[test]
fn member_admin_and_owner_insert_into_their_tenant_as_themselves() {
    let mut scene = Scene::open();
    for user in [
        users::NORTH_MEMBER,
        users::NORTH_ADMIN,
        users::NORTH_OWNER,
        users::HALF,
    ] {
        scene.user(user);
        for sql in [
            "insert into public.agents (name) values ('new')",
            &insert_into(tenants::NORTH),
        ] {
            let made = scene.one(&format!(
                "{sql} returning tenant_id || ' ' || created_by_user_id || ' ' || sharing_mode || ' ' || is_shared"
            ));
            assert_eq!(made, format!("{} {user} private false", tenants::NORTH));
        }
    }
}

#[test]
fn new_agent_goes_to_the_tenant_acted_for() {
    let mut scene = Scene::open();
    scene.user(users::BOTH);
    scene.refused("insert into public.agents (name) values ('new')", "42501");
    for tenant in [tenants::NORTH, tenants::SOUTH] {
        scene.acting_for(tenant);
        let sql = "insert into public.agents (name) values ('new') returning tenant_id";
        assert_eq!(scene.one(sql), tenant.to_string());
    }
    scene.refused(&insert_into(tenants::NORTH), "42501");
}

#[test]
fn nobody_inserts_into_a_tenant_they_do_not_act_for() {
    let mut scene = Scene::open();
    let others = [tenants::SOUTH, tenants::PLATFORM, tenants::NOWHERE];
    for user in [users::NORTH_OWNER, users::NORTH_MEMBER, users::NORTH_GUEST]
        .into_iter()
        .chain(users::LOCKED_OUT)
    {
        scene.user(user);
        for tenant in others.into_iter().chain(tenants::CLOSED) {
            let said = scene.refused(&insert_into(tenant), "42501");
            assert!(said.starts_with("new row violates row-level security policy for table \"agents\""));
        }
    }
    for user in users::LOCKED_OUT {
        scene.user(user).refused(&insert_into(tenants::NORTH), "42501");
        scene.refused("insert into public.agents (name) values ('new')", "42501");
    }
    scene.nobody().refused(&insert_into(tenants::NORTH), "42501");
    scene.anon().refused(&insert_into(tenants::NORTH), "42501");
}

#[test]
fn guest_writes_nothing() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_GUEST).acting_for(tenants::NORTH);
    scene.refused(&insert_into(tenants::NORTH), "42501");
    scene.refused("insert into public.agents (name) values ('new')", "42501");
    assert_eq!(scene.ok("update public.agents set name = 'taken'"), 0);
    assert_eq!(scene.ok("delete from public.agents"), 0);
}

#[test]
fn nobody_inserts_in_the_name_of_another() {
    let mut scene = Scene::open();
    let sql = |author: &str| {
        format!("insert into public.agents (name, created_by_user_id) values ('new', '{author}')")
    };
    for user in [users::NORTH_OWNER, users::NORTH_MEMBER] {
        scene.user(user);
        scene.refused(&sql(&users::NORTH_ADMIN.to_string()), "42501");
        assert_eq!(scene.ok(&sql(&user.to_string())), 1);
    }
    scene.user(users::ADMIN).acting_for(tenants::NORTH);
    scene.refused(&sql(&users::NORTH_ADMIN.to_string()), "42501");
}

#[test]
fn member_updates_the_private_rows_of_their_tenant_and_an_admin_all() {
    let mut scene = Scene::open();
    for (user, expected) in [
        (users::NORTH_MEMBER, vec!["north private"]),
        (
            users::NORTH_ADMIN,
            vec!["north global", "north private", "north selective"],
        ),
        (
            users::NORTH_OWNER,
            vec!["north global", "north private", "north selective"],
        ),
    ] {
        scene.user(user);
        let sql = "update public.agents set description = 'mine' returning name";
        let mut names = scene.column(sql);
        names.sort();
        assert_eq!(names, expected);
    }
}

#[test]
fn member_cannot_update_other_tenants_agent() {
    let mut scene = Scene::open();
    let targets = [
        agents::SOUTH_PRIVATE,
        agents::SOUTH_SELECTIVE,
        agents::SOUTH_GLOBAL,
        agents::EAST_PRIVATE,
        agents::FROZEN_PRIVATE,
        agents::NOWHERE,
    ];
    for user in [users::NORTH_MEMBER, users::NORTH_ADMIN, users::NORTH_OWNER] {
        scene.user(user);
        for id in targets {
            let sql = format!("update public.agents set name = 'taken' where id = '{id}'");
            assert_eq!(scene.ok(&sql), 0);
            let sql = format!("select 1 from public.agents where id = '{id}' for update");
            assert_eq!(scene.column(&sql).len(), 0);
        }
    }
}

#[test]
fn shared_rows_are_read_only_to_receivers() {
    let mut scene = Scene::open();
    for user in [users::SOUTH_MEMBER, users::SOUTH_ADMIN, users::SOUTH_OWNER] {
        scene.user(user);
        for id in [agents::NORTH_SELECTIVE, agents::NORTH_GLOBAL] {
            for sql in [
                format!("update public.agents set name = 'taken' where id = '{id}'"),
                format!("update public.agents set access_count = access_count + 1 where id = '{id}'"),
                format!("delete from public.agents where id = '{id}'"),
            ] {
                assert_eq!(scene.ok(&sql), 0, "{sql}");
            }
        }
    }
}

#[test]
fn member_of_two_tenants_writes_only_the_one_acted_for() {
    let mut scene = Scene::open();
    scene.user(users::BOTH);
    assert_eq!(scene.ok("update public.agents set name = name"), 0);
    scene.acting_for(tenants::NORTH);
    let sql = format!(
        "update public.agents set name = 'x' where id = '{}'",
        agents::SOUTH_PRIVATE
    );
    assert_eq!(scene.ok(&sql), 0);
    let sql = format!("delete from public.agents where id = '{}'", agents::SOUTH_PRIVATE);
    assert_eq!(scene.ok(&sql), 0);
}

#[test]
fn nobody_moves_an_agent_to_another_tenant() {
    let mut scene = Scene::open();
    let sql = |tenant: &str| {
        format!(
            "update public.agents set tenant_id = {tenant} where id = '{}'",
            agents::NORTH_PRIVATE
        )
    };
    for user in [users::NORTH_MEMBER, users::NORTH_OWNER, users::BOTH] {
        scene.user(user).acting_for(tenants::NORTH);
        for tenant in [tenants::SOUTH, tenants::PLATFORM, tenants::NOWHERE] {
            let said = scene.refused(&sql(&format!("'{tenant}'")), "42501");
            assert_eq!(
                said,
                "only a platform admin may move an agent to another tenant |  |  | "
            );
        }
        scene.refused(&sql("null"), "23502");
    }
    scene.owner().refused(&sql("null"), "23502");
    scene.service().refused(&sql("null"), "23502");
}

#[test]
fn policy_alone_keeps_rows_from_leaving_the_tenant() {
    let mut scene = Scene::open();
    scene.ok("alter table public.agents disable trigger agents_10_guard");
    // A moved row that stays readable, and a statement that reads nothing, are not held by the policy on reading.
    let moved = format!("update public.agents set tenant_id = '{}'", tenants::SOUTH);
    for sql in [
        format!("{moved} where id = '{}'", agents::NORTH_PRIVATE),
        format!("{moved} where id = '{}'", agents::NORTH_GLOBAL),
        moved,
    ] {
        scene.user(users::NORTH_OWNER).refused(&sql, "42501");
        scene
            .user(users::BOTH)
            .acting_for(tenants::NORTH)
            .refused(&sql, "42501");
    }
}

#[test]
fn nobody_rewrites_author_or_id() {
    let mut scene = Scene::open();
    for user in [users::NORTH_MEMBER, users::NORTH_OWNER, users::ADMIN] {
        scene.user(user);
        for change in [
            format!("created_by_user_id = '{}'", users::HALF),
            "created_by_user_id = null".to_owned(),
            format!("id = '{}'", agents::NOWHERE),
            format!("id = '{}'", agents::SOUTH_PRIVATE),
        ] {
            let sql = format!(
                "update public.agents set {change} where id = '{}'",
                agents::NORTH_PRIVATE
            );
            let said = scene.refused(&sql, "42501");
            assert_eq!(said, "the id and the author of an agent never change |  |  | ");
        }
    }
}

#[test]
fn platform_admin_manages_agents_of_every_tenant() {
    let mut scene = Scene::open();
    scene.user(users::ADMIN);
    for tenant in [tenants::NORTH, tenants::FROZEN, tenants::PLATFORM] {
        assert_eq!(scene.ok(&insert_into(tenant)), 1);
    }
    for id in [agents::SOUTH_PRIVATE, agents::FROZEN_PRIVATE] {
        let sql = format!(
            "update public.agents set tenant_id = '{}' where id = '{id}'",
            tenants::NORTH
        );
        assert_eq!(scene.ok(&sql), 1);
        assert_eq!(
            scene.ok(&format!("delete from public.agents where id = '{id}'")),
            1
        );
    }
    let said = scene.refused("insert into public.agents (name) values ('new')", "42501");
    assert!(said.starts_with("tenant_id is required"), "{said}");
    scene.acting_for(tenants::SOUTH);
    let sql = "insert into public.agents (name) values ('new') returning tenant_id";
    assert_eq!(scene.one(sql), tenants::SOUTH.to_string());
}

#[test]
fn what_a_trusted_role_inserts_for_nobody_is_the_platforms() {
    let mut scene = Scene::open();
    let sql = "insert into public.agents (name) values ('new') returning tenant_id || ' ' || \
               coalesce(created_by_user_id::text, 'nobody')";
    let expected = format!("{} nobody", tenants::PLATFORM);
    assert_eq!(scene.service().one(sql), expected);
    assert_eq!(scene.owner().one(sql), expected);
    scene.acting_for(tenants::NORTH);
    assert_eq!(scene.one(sql), format!("{} nobody", tenants::NORTH));
}

#[test]
fn ctes_with_side_effects_write_no_more_than_statements() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_OWNER);
    let sql = "with hit as (update public.agents set description = 'hit' returning name) \
               select name from hit where name not like 'north %'";
    assert_eq!(scene.column(sql), Vec::<String>::new());
    let sql = "with hit as (delete from public.agents returning name) select name from hit order by 1";
    assert_eq!(
        scene.column(sql),
        ["north global", "north private", "north selective"]
    );
    let sql = format!(
        "with made as (insert into public.agents (name, tenant_id) values ('x', '{}') returning 1) select 1",
        tenants::SOUTH
    );
    scene.refused(&sql, "42501");
    let sql = format!(
        "with moved as (update public.agents set tenant_id = '{}' returning 1) select 1",
        tenants::SOUTH
    );
    scene.ok("insert into public.agents (name) values ('x')");
    scene.refused(&sql, "42501");
}
