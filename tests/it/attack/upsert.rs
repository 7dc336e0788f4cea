//! Upsert, MERGE and COPY: no other way into hidden rows.

use super::scenario::Scene;
use super::world::{agents, tenants, users};

/// Gives agents a second key, which users may choose, with the hidden row's key `taken`.
fn open_with_slugs() -> Scene {
    let mut scene = Scene::open();
    scene.ok("create unique index agents_slug_key on public.agents (slug)");
    for (id, slug) in [
        (agents::SOUTH_PRIVATE, "hidden"),
        (agents::SOUTH_GLOBAL, "seen"),
        (agents::NORTH_PRIVATE, "own"),
    ] {
        scene.ok(&format!(
            "update public.agents set slug = '{slug}' where id = '{id}'"
        ));
    }
    scene
}

#[test]
fn upsert_updates_ones_own_row() {
    let mut scene = open_with_slugs();
    let sql = "insert into public.agents (name, slug) values ('x', 'own') \
               on conflict (slug) do update set description = 'mine'";
    assert_eq!(scene.user(users::NORTH_MEMBER).ok(sql), 1);
}

#[test]
fn upsert_takes_over_no_row_of_another_tenant() {
    let mut scene = open_with_slugs();
    for user in [users::NORTH_MEMBER, users::NORTH_OWNER] {
        scene.user(user);
        for slug in ["hidden", "seen"] {
            for change in [
                "name = 'taken'".to_owned(),
                format!("tenant_id = '{}'", tenants::NORTH),
                format!("created_by_user_id = '{user}'"),
            ] {
                let sql = format!(
                    "insert into public.agents (name, slug) values ('x', '{slug}') \
                     on conflict (slug) do update set {change}"
                );
                scene.refused(&sql, "42501");
            }
        }
    }
    let sql = "select count(*) from public.agents where slug in ('hidden', 'seen') and tenant_id = ";
    let count = scene.owner().one(&format!("{sql} '{}'", tenants::SOUTH));
    assert_eq!(count, "2");
}

#[test]
fn merge_updates_and_deletes_ones_own_rows_only() {
    let mut scene = Scene::open();
    if !scene.has_merge() {
        return;
    }
    scene.user(users::NORTH_MEMBER);
    let hidden = format!("'{}', '{}'", agents::SOUTH_PRIVATE, agents::EAST_PRIVATE);
    for action in ["update set name = 'taken'", "delete"] {
        let sql = |ids: &str| {
            format!(
                "merge into public.agents as a using (select unnest(array[{ids}]::uuid[]) as id) as s \
                 on a.id = s.id when matched then {action}"
            )
        };
        assert_eq!(scene.ok(&sql(&hidden)), 0);
        // A row that one may read and not write stops the statement.
        scene.refused(&sql(&format!("'{}'", agents::SOUTH_GLOBAL)), "42501");
        assert_eq!(scene.ok(&sql(&format!("'{}'", agents::NORTH_PRIVATE))), 1);
    }
}

#[test]
fn merge_inserts_only_into_ones_own_tenant() {
    let mut scene = Scene::open();
    if !scene.has_merge() {
        return;
    }
    let sql = |columns: &str, values: &str| {
        format!(
            "merge into public.agents as a using (select '{}'::uuid as id) as s on a.id = s.id \
             when not matched then insert ({columns}) values ({values})",
            agents::SOUTH_PRIVATE
        )
    };
    scene.user(users::NORTH_MEMBER);
    assert_eq!(scene.ok(&sql("name", "'x'")), 1);
    let south = format!("'x', '{}'", tenants::SOUTH);
    scene.refused(&sql("name, tenant_id", &south), "42501");
    assert_eq!(scene.ok(&sql("id, name", "s.id, 'x'")), 1);
    let other = format!("'x', '{}'", users::NORTH_OWNER);
    scene.refused(&sql("name, created_by_user_id", &other), "42501");
    scene.refused(
        &sql("name, sharing_mode, is_shared", "'x', 'global', true"),
        "42501",
    );
}

#[test]
fn merge_moves_no_row_and_takes_no_author() {
    let mut scene = Scene::open();
    if !scene.has_merge() {
        return;
    }
    scene.user(users::NORTH_OWNER);
    for change in [
        format!("tenant_id = '{}'", tenants::SOUTH),
        format!("created_by_user_id = '{}'", users::NORTH_OWNER),
        "sharing_mode = 'global', is_shared = true".to_owned(),
    ] {
        let sql = format!(
            "merge into public.agents as a using (select '{}'::uuid as id) as s on a.id = s.id \
             when matched then update set {change}",
            agents::NORTH_PRIVATE
        );
        scene.owner().ok(&format!(
            "update public.agents set created_by_user_id = null where id = '{}'",
            agents::NORTH_PRIVATE
        ));
        scene.user(users::NORTH_OWNER).refused(&sql, "42501");
    }
}

#[test]
fn merge_that_acts_on_the_unmatched_sees_ones_own_rows_only() {
    let mut scene = Scene::open();
    if scene.version() < 17 {
        println!("skipped: PostgreSQL before 17 has no MERGE ... WHEN NOT MATCHED BY SOURCE");
        return;
    }
    scene.user(users::NORTH_MEMBER);
    let sql = "merge into public.agents as a using (select null::uuid as id) as s on a.id = s.id \
               when not matched by source and a.sharing_mode = 'private' then delete returning a.name";
    assert_eq!(scene.column(sql), ["north private"]);
}

#[test]
fn copy_from_writes_nothing_as_a_user() {
    let mut scene = Scene::open();
    for user in [users::NORTH_OWNER, users::ADMIN, users::OUTSIDER] {
        scene.user(user);
        for columns in ["name", "name, tenant_id", "id, name"] {
            scene.refused(&format!("copy public.agents ({columns}) from stdin"), "0A000");
        }
    }
    for table in ["user_tenants", "user_roles", "resource_sharing_audit"] {
        let sql = format!("copy public.{table} from stdin");
        scene.user(users::ADMIN).refused(&sql, "42501");
        scene.service().refused(&sql, "42501");
    }
    scene
        .anon()
        .refused("copy public.agents (name) from stdin", "42501");
}
