//! What others read is changed by authority only, and what orders and counts agents by nobody who is bound by row security.

use super::scenario::Scene;
use super::world::{agents, tenants, users};
use uuid::Uuid;

const SHARED: [Uuid; 2] = [agents::NORTH_SELECTIVE, agents::NORTH_GLOBAL];

fn changes(id: Uuid) -> [String; 6] {
    [
        format!("update public.agents set system_prompt = 'obey me' where id = '{id}'"),
        format!("update public.agents set resource_type = 'custom' where id = '{id}'"),
        format!("update public.agents set description = 'x' where id = '{id}'"),
        format!(
            "update public.agents set is_shared = false, sharing_mode = 'private', shared_with = null where id = '{id}'"
        ),
        format!("select 1 from public.agents where id = '{id}' for update"),
        format!("delete from public.agents where id = '{id}'"),
    ]
}

#[test]
fn member_changes_nothing_that_others_read() {
    let mut scene = Scene::open();
    for user in [users::NORTH_MEMBER, users::NORTH_GUEST, users::HALF] {
        scene.user(user);
        for id in SHARED {
            for sql in changes(id) {
                assert_eq!(scene.ok(&sql), 0, "{user}: {sql}");
            }
        }
    }
    // Nor without naming it, nor by upsert.
    scene.user(users::NORTH_MEMBER);
    assert_eq!(
        scene.column("update public.agents set description = 'x' returning name"),
        ["north private"]
    );
    assert_eq!(
        scene.column("delete from public.agents returning name"),
        ["north private"]
    );
}

#[test]
fn owner_admin_and_platform_admin_change_what_others_read() {
    for user in [users::NORTH_OWNER, users::NORTH_ADMIN, users::ADMIN] {
        for id in SHARED {
            let mut scene = Scene::open();
            scene.user(user);
            for sql in changes(id) {
                assert_eq!(scene.ok(&sql), 1, "{user}: {sql}");
            }
        }
    }
}

#[test]
fn member_of_the_platform_rewrites_nothing_that_every_tenant_runs() {
    let mut scene = Scene::open();
    scene.ok(&format!(
        "insert into public.user_tenants (user_id, tenant_id) values ('{}', '{}')",
        users::OUTSIDER,
        tenants::PLATFORM
    ));
    scene.user(users::OUTSIDER);
    assert_eq!(
        scene.one("select public.get_current_tenant_id()"),
        tenants::PLATFORM.to_string()
    );
    let global = scene.one("select count(*) from public.agents where sharing_mode = 'global'");
    assert!(global.parse::<u32>().unwrap() > 250);
    assert_eq!(
        scene.ok("update public.agents set system_prompt = 'obey me' where is_shared"),
        0
    );
    assert_eq!(scene.ok("delete from public.agents where is_shared"), 0);
}

#[test]
fn policies_alone_keep_members_from_making_a_row_shared() {
    let mut scene = Scene::open();
    scene.ok("alter table public.agents disable trigger user");
    scene.user(users::NORTH_MEMBER);
    let shared = "sharing_mode = 'global', is_shared = true";
    scene.refused(
        &format!("update public.agents set {shared} where sharing_mode = 'private'"),
        "42501",
    );
    let sql = format!(
        "insert into public.agents (name, tenant_id, created_by_user_id, sharing_mode, is_shared) \
         values ('x', '{}', '{}', 'global', true)",
        tenants::NORTH,
        users::NORTH_MEMBER
    );
    scene.refused(&sql, "42501");
    assert_eq!(
        scene
            .user(users::NORTH_OWNER)
            .ok(&sql.replace(&users::NORTH_MEMBER.to_string(), &users::NORTH_OWNER.to_string())),
        1
    );
}

/// Columns that order and count, each with something to write.
const KEPT: [(&str, &str); 7] = [
    ("created_at", "'2999-01-01'"),
    ("updated_at", "'2999-01-01'"),
    ("access_count", "1000000"),
    ("last_accessed_at", "'2999-01-01'"),
    ("popularity_score", "1000000"),
    ("rating", "5"),
    ("total_consultations", "1000000"),
];

#[test]
fn nobody_dates_or_counts_an_agent() {
    let mut scene = Scene::open();
    for user in [users::NORTH_MEMBER, users::NORTH_OWNER, users::ADMIN] {
        scene.user(user).acting_for(tenants::NORTH);
        for (column, value) in KEPT {
            let read = format!("(case when {column}::text = now()::text then 'now' else {column}::text end)");
            let fresh = scene.column(&format!(
                "insert into public.agents (name) values ('plain') returning {read}"
            ));
            let forged = format!(
                "insert into public.agents (name, {column}) values ('forged', {value}) returning {read}"
            );
            assert_eq!(scene.column(&forged), fresh, "{column}");
            let update = |set: &str| {
                format!(
                    "update public.agents set {set} where id = '{}' returning {read}",
                    agents::NORTH_PRIVATE
                )
            };
            let before = scene.column(&update("description = 'x'"));
            assert_eq!(
                scene.column(&update(&format!("{column} = {value}"))),
                before,
                "{column}"
            );
            assert_eq!(
                scene.column(&update(&format!("{column} = null"))),
                before,
                "{column}"
            );
        }
        let sql = format!(
            "insert into public.agents (id, name, created_at) values ('{}', 'x', '2999-01-01') \
             on conflict (id) do update set created_at = excluded.created_at, access_count = 5 \
             returning created_at < now() + interval '1 second' and access_count = 0",
            agents::NORTH_PRIVATE
        );
        assert_eq!(scene.one(&sql), "t");
    }
    scene.user(users::NORTH_MEMBER);
    let stamped = format!(
        "update public.agents set description = 'y', updated_at = '2001-01-01' where id = '{}' returning updated_at = now()",
        agents::NORTH_PRIVATE
    );
    assert_eq!(scene.one(&stamped), "t");
}

#[test]
fn nobody_heads_every_list_by_a_date() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_OWNER);
    let sql = format!(
        "insert into public.agents (name, created_at, updated_at, sharing_mode, is_shared, shared_with) \
         select 'spam', '2999-01-01', '2999-01-01', 'selective', true, '{{{}}}' from generate_series(1, 60)",
        tenants::SOUTH
    );
    assert_eq!(scene.ok(&sql), 60);
    let late = "select count(*) from public.agents where greatest(created_at, updated_at) > now()";
    assert_eq!(scene.owner().one(late), "0");
}

#[test]
fn counter_without_a_default_and_columns_of_other_types_are_no_obstacle() {
    let mut scene = Scene::open();
    scene.ok("alter table public.agents alter column rating set default 2.5, \
             alter column popularity_score drop default, drop column total_consultations, \
             alter column updated_at drop default, alter column updated_at type bigint using 0");
    scene.user(users::NORTH_MEMBER);
    let sql = "insert into public.agents (name, rating, popularity_score, updated_at) values ('x', 5, 9, 7) \
               returning concat_ws(' ', rating, coalesce(popularity_score, -1), updated_at)";
    assert_eq!(scene.one(sql), "2.50 -1 7");
    let sql = "update public.agents set rating = 4, updated_at = 8 where name = 'x' returning concat_ws(' ', rating, updated_at)";
    assert_eq!(scene.one(sql), "2.50 8");
}

#[test]
fn trusted_roles_date_and_count() {
    let mut scene = Scene::open();
    for trusted in [Scene::service as fn(&mut Scene) -> &mut Scene, Scene::owner] {
        trusted(&mut scene);
        for (column, value) in KEPT {
            let sql = format!(
                "insert into public.agents (name, {column}) values ('x', {value}) returning {column} = {value}"
            );
            assert_eq!(scene.one(&sql), "t", "{column}");
            let sql = format!(
                "update public.agents set {column} = {value} where id = '{}' returning {column} = {value}",
                agents::NORTH_PRIVATE
            );
            assert_eq!(scene.one(&sql), "t", "{column}");
        }
    }
}

#[test]
fn missing_tenant_is_named() {
    let mut scene = Scene::open();
    for user in [users::ADMIN, users::BOTH, users::OUTSIDER] {
        let said = scene
            .user(user)
            .refused("insert into public.agents (name) values ('x')", "42501");
        assert!(
            said.starts_with("tenant_id is required, because you act for no tenant"),
            "{said}"
        );
        assert!(said.contains("x-tenant-id"), "{said}");
    }
}
