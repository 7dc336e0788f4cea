//! Sharing as an act of authority: owners and admins share selectively, platform admins with everybody.

use super::scenario::Scene;
use super::world::{agents, tenants, users};
use uuid::Uuid;

fn update(id: Uuid, change: &str) -> String {
    format!("update public.agents set {change} where id = '{id}'")
}

fn selective(tenant: Uuid) -> String {
    format!("is_shared = true, sharing_mode = 'selective', shared_with = '{{{tenant}}}'")
}

const GLOBALLY: &str = "is_shared = true, sharing_mode = 'global', shared_with = null";
const PRIVATE: &str = "is_shared = false, sharing_mode = 'private', shared_with = null";
const NO_AUTHORITY: &str =
    "only an owner or admin of its tenant may change who an agent is shared with |  |  | ";

#[test]
fn owner_and_admin_share_selectively_and_unshare() {
    let mut scene = Scene::open();
    for user in [users::NORTH_OWNER, users::NORTH_ADMIN] {
        scene.user(user);
        assert_eq!(
            scene.ok(&update(agents::NORTH_PRIVATE, &selective(tenants::SOUTH))),
            1
        );
        assert!(
            scene
                .user(users::SOUTH_MEMBER)
                .reads()
                .contains(&"north private".to_owned())
        );
        assert_eq!(scene.user(user).ok(&update(agents::NORTH_PRIVATE, PRIVATE)), 1);
        assert!(
            !scene
                .user(users::SOUTH_MEMBER)
                .reads()
                .contains(&"north private".to_owned())
        );
        scene.user(user);
        let sql = format!(
            "insert into public.agents (name, is_shared, sharing_mode, shared_with) \
             values ('x', true, 'selective', '{{{}}}')",
            tenants::EAST
        );
        assert_eq!(scene.ok(&sql), 1);
        assert_eq!(scene.ok(&update(agents::NORTH_GLOBAL, PRIVATE)), 1);
        scene.owner().ok(&update(agents::NORTH_GLOBAL, GLOBALLY));
    }
}

#[test]
fn member_neither_shares_nor_unshares() {
    let mut scene = Scene::open();
    for user in [users::NORTH_MEMBER, users::HALF] {
        scene.user(user);
        for sql in [
            update(agents::NORTH_PRIVATE, &selective(tenants::SOUTH)),
            update(agents::NORTH_PRIVATE, GLOBALLY),
            update(agents::NORTH_PRIVATE, "is_shared = true"),
            update(agents::NORTH_PRIVATE, "sharing_mode = 'global'"),
            update(agents::NORTH_PRIVATE, "shared_with = array[null]::uuid[]"),
        ] {
            assert_eq!(scene.refused(&sql, "42501"), NO_AUTHORITY, "{sql}");
        }
        for sql in [
            update(agents::NORTH_SELECTIVE, &selective(tenants::EAST)),
            update(
                agents::NORTH_SELECTIVE,
                "shared_with = shared_with || shared_with",
            ),
            update(agents::NORTH_SELECTIVE, PRIVATE),
            update(agents::NORTH_GLOBAL, PRIVATE),
        ] {
            assert_eq!(scene.ok(&sql), 0, "{sql}");
        }
    }
}

#[test]
fn member_inserts_nothing_shared() {
    let mut scene = Scene::open();
    scene.user(users::NORTH_MEMBER);
    for (columns, values) in [
        ("is_shared, sharing_mode", "true, 'global'".to_owned()),
        (
            "is_shared, sharing_mode, shared_with",
            format!("true, 'selective', '{{{}}}'", tenants::SOUTH),
        ),
        ("is_shared", "true".to_owned()),
        ("sharing_mode", "'global'".to_owned()),
        ("sharing_mode", "null".to_owned()),
        ("shared_with", format!("'{{{}}}'", tenants::SOUTH)),
        ("shared_with", format!("'{{{}}}'", tenants::NOWHERE)),
    ] {
        let sql = format!("insert into public.agents (name, {columns}) values ('x', {values})");
        assert_eq!(scene.refused(&sql, "42501"), NO_AUTHORITY, "{sql}");
    }
}

#[test]
fn authority_counts_in_the_agents_own_tenant_only() {
    let mut scene = Scene::open();
    // Admin of south, member of north.
    scene.user(users::MIXED).acting_for(tenants::NORTH);
    let sql = update(agents::NORTH_PRIVATE, &selective(tenants::SOUTH));
    assert_eq!(scene.refused(&sql, "42501"), NO_AUTHORITY);
    scene.acting_for(tenants::SOUTH);
    assert_eq!(scene.ok(&sql), 0);
    assert_eq!(
        scene.ok(&update(agents::SOUTH_PRIVATE, &selective(tenants::NORTH))),
        1
    );
    // A role without a membership is no authority.
    assert_eq!(scene.user(users::STRAY).ok(&sql), 0);
}

#[test]
fn global_sharing_needs_a_platform_admin() {
    let mut scene = Scene::open();
    for user in [users::NORTH_OWNER, users::NORTH_ADMIN] {
        scene.user(user);
        for sql in [
            update(agents::NORTH_PRIVATE, GLOBALLY),
            update(agents::NORTH_SELECTIVE, GLOBALLY),
            "insert into public.agents (name, is_shared, sharing_mode) values ('x', true, 'global')"
                .to_owned(),
        ] {
            let said = scene.refused(&sql, "42501");
            assert!(
                said.starts_with("only a platform admin may share an agent with every tenant"),
                "{said}"
            );
        }
    }
    scene.user(users::ADMIN);
    assert_eq!(scene.ok(&update(agents::NORTH_PRIVATE, GLOBALLY)), 1);
    let sql = format!(
        "insert into public.agents (name, tenant_id, is_shared, sharing_mode) values ('x', '{}', true, 'global')",
        tenants::SOUTH
    );
    assert_eq!(scene.ok(&sql), 1);
}

#[test]
fn global_agent_can_be_edited_by_its_tenants_admins_without_sharing_it_anew() {
    let mut scene = Scene::open();
    for user in [users::NORTH_ADMIN, users::NORTH_OWNER] {
        let sql = update(agents::NORTH_GLOBAL, "description = 'new'");
        assert_eq!(scene.user(user).ok(&sql), 1);
        let sql = update(agents::NORTH_GLOBAL, "is_shared = true, sharing_mode = 'global'");
        assert_eq!(scene.user(user).ok(&sql), 1);
    }
}

#[test]
fn platform_type_needs_a_platform_admin() {
    let mut scene = Scene::open();
    for user in [users::NORTH_MEMBER, users::NORTH_OWNER] {
        scene.user(user);
        for sql in [
            update(agents::NORTH_PRIVATE, "resource_type = 'platform'"),
            "insert into public.agents (name, resource_type) values ('x', 'platform')".to_owned(),
        ] {
            let said = scene.refused(&sql, "42501");
            assert!(
                said.starts_with("only a platform admin may make an agent a platform resource"),
                "{said}"
            );
        }
        for kind in ["custom", "solution", "industry", "shared"] {
            let sql = update(agents::NORTH_PRIVATE, &format!("resource_type = '{kind}'"));
            assert_eq!(scene.ok(&sql), 1);
        }
    }
    let sql = update(agents::NORTH_PRIVATE, "resource_type = 'platform'");
    assert_eq!(scene.user(users::ADMIN).ok(&sql), 1);
    // What is one already may be edited.
    let sql = update(
        agents::NORTH_PRIVATE,
        "description = 'x', resource_type = 'platform'",
    );
    assert_eq!(scene.user(users::NORTH_MEMBER).ok(&sql), 1);
}

#[test]
fn recipients_must_exist() {
    let mut scene = Scene::open();
    let insert = format!(
        "insert into public.agents (name, tenant_id, is_shared, sharing_mode, shared_with) \
         values ('x', '{}', true, 'selective', '{{{},{}}}')",
        tenants::NORTH,
        tenants::SOUTH,
        tenants::NOWHERE
    );
    let change = update(agents::NORTH_PRIVATE, &selective(tenants::NOWHERE));
    for actor in [
        (|scene| scene.user(users::NORTH_OWNER)) as fn(&mut Scene) -> &mut Scene,
        |scene| scene.user(users::ADMIN),
        Scene::service,
        Scene::owner,
    ] {
        actor(&mut scene);
        for sql in [&insert, &change] {
            let said = scene.refused(sql, "23503");
            let expected = format!(
                "cannot share with tenant {}, which does not exist",
                tenants::NOWHERE
            );
            assert!(said.starts_with(&expected), "{said}");
        }
    }
}

#[test]
fn row_that_names_a_lost_tenant_can_still_be_changed() {
    let mut scene = Scene::open();
    scene.ok("alter table public.agents disable trigger agents_20_check_recipients_update");
    scene.ok(&update(agents::NORTH_SELECTIVE, &selective(tenants::NOWHERE)));
    scene.ok("alter table public.agents enable trigger agents_20_check_recipients_update");
    scene.user(users::NORTH_OWNER);
    let sql = format!("shared_with = shared_with || '{}'::uuid", tenants::EAST);
    assert_eq!(scene.ok(&update(agents::NORTH_SELECTIVE, &sql)), 1);
    assert_eq!(scene.ok(&update(agents::NORTH_SELECTIVE, "description = 'x'")), 1);
}

#[test]
fn recipients_cannot_be_hidden_in_a_nested_array() {
    let mut scene = Scene::open();
    let sql = format!(
        "is_shared = true, sharing_mode = 'selective', shared_with = '{{{{{}}}}}'",
        tenants::SOUTH
    );
    let update = update(agents::NORTH_PRIVATE, &sql);
    assert!(scene.user(users::NORTH_OWNER).attempt(&update).is_err());
    assert!(scene.service().attempt(&update).is_err());
}

#[test]
fn trusted_roles_are_not_limited() {
    let mut scene = Scene::open();
    for trusted in [Scene::service as fn(&mut Scene) -> &mut Scene, Scene::owner] {
        trusted(&mut scene);
        assert_eq!(scene.ok(&update(agents::NORTH_PRIVATE, GLOBALLY)), 1);
        assert_eq!(
            scene.ok(&update(agents::NORTH_PRIVATE, "resource_type = 'platform'")),
            1
        );
        assert_eq!(scene.ok(&update(agents::NORTH_PRIVATE, PRIVATE)), 1);
    }
}
