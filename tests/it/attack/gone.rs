//! Users who are gone from `auth.users` while their memberships, roles and tokens are still there.

use super::scenario::{Scene, Way};
use super::world::{tenants, users};
use crate::support::{Database, Template};
use uuid::Uuid;

fn delete(user: Uuid) -> String {
    format!("delete from auth.users where id = '{user}'")
}

#[test]
fn a_user_who_is_gone_reads_and_writes_nothing() {
    for user in [users::NORTH_OWNER, users::NORTH_MEMBER, users::BOTH, users::ADMIN] {
        let mut scene = Scene::open();
        scene.user(user);
        scene.meanwhile(user, &delete(user));
        for way in [Way::Header, Way::AppMetadata, Way::RawSet] {
            scene
                .asking(user, way, &tenants::NORTH.to_string())
                .reads_only_global();
            assert_eq!(scene.one("select count(*) from public.tenants"), "0");
            assert_eq!(scene.ok("update public.tenants set branding = '{}'"), 0);
            scene.refused("insert into public.agents (name) values ('x')", "42501");
        }
        for (function, answer) in [
            (format!("is_platform_admin('{user}')"), "f"),
            (format!("has_tenant_access('{user}', '{}')", tenants::NORTH), "f"),
            (format!("count(*) from public.get_user_tenants('{user}')"), "0"),
        ] {
            let sql = match function.starts_with("count") {
                true => format!("select {function}"),
                false => format!("select public.{function}"),
            };
            assert_eq!(scene.user(user).one(&sql), answer, "{sql}");
            assert_eq!(scene.service().one(&sql), answer, "{sql}");
            assert_eq!(scene.owner().one(&sql), answer, "{sql}");
        }
    }
}

#[test]
fn nobody_learns_who_else_is_gone() {
    let mut scene = Scene::open();
    scene.ok(&delete(users::SOUTH_OWNER));
    for user in [users::OUTSIDER, users::NORTH_OWNER, users::SOUTH_ADMIN] {
        for other in [users::SOUTH_OWNER, users::SOUTH_MEMBER] {
            for function in ["is_gone", "is_known_gone"] {
                let sql = format!("select vital_private.{function}('{other}')");
                assert_eq!(scene.user(user).one(&sql), "f");
                assert_eq!(scene.nobody().one(&sql), "f");
            }
            let sql = format!("select vital_private.has_account('{other}')");
            scene.user(user).refused(&sql, "42501");
        }
    }
    let sql = format!(
        "select public.has_tenant_access('{}', '{}')",
        users::SOUTH_OWNER,
        tenants::SOUTH
    );
    assert_eq!(scene.user(users::ADMIN).one(&sql), "f");
}

#[test]
fn somebody_who_is_gone_can_be_suspended_removed_and_revoked_by_uuid() {
    let database = Database::create(Template::World);
    let mut client = database.client();
    for user in [users::NORTH_MEMBER, users::NORTH_ADMIN, users::ADMIN] {
        client.batch_execute(&delete(user)).unwrap();
    }
    let on_north = |command: &str, user: Uuid| {
        let user = user.to_string();
        database.vital(&[command, &user, "--tenant", "north", "--yes"])
    };
    on_north("suspend-user", users::NORTH_MEMBER).success();
    on_north("remove-user", users::NORTH_MEMBER).success();
    on_north("remove-user", users::NORTH_ADMIN).success();
    let admin = users::ADMIN.to_string();
    database.vital(&["user", "show", &admin]).success();
    database.vital(&["revoke-admin", &admin, "--yes"]).success();
    // But nothing is given to them, and whoever never had anything is still a typing error.
    on_north("assign-user", users::NORTH_MEMBER).failure(1);
    let nobody = Uuid::from_u128(7);
    let run = on_north("remove-user", nobody).failure(1);
    assert!(run.stderr.contains("does not exist"), "{run}");
    database
        .vital(&["revoke-admin", &nobody.to_string(), "--yes"])
        .failure(1);
}

#[test]
fn somebody_who_is_gone_is_no_last_owner_and_no_last_admin() {
    let database = Database::create(Template::World);
    let mut client = database.client();
    let more = format!(
        "insert into public.user_tenants (user_id, tenant_id, role) values ('{0}', '{1}', 'owner');
         insert into public.user_roles (user_id, role) values ('{0}', 'platform_admin');
         {2}",
        users::OUTSIDER,
        tenants::EAST,
        delete(users::OUTSIDER),
    );
    client.batch_execute(&more).unwrap();
    let owner = users::EAST_OWNER.to_string();
    let run = database
        .vital(&["remove-user", &owner, "--tenant", "east", "--yes"])
        .failure(1);
    assert!(run.stderr.contains("without an owner"), "{run}");
    let admin = users::ADMIN.to_string();
    let run = database.vital(&["revoke-admin", &admin, "--yes"]).failure(1);
    assert!(run.stderr.contains("no platform admin would be left"), "{run}");
    let gone = users::OUTSIDER.to_string();
    database
        .vital(&["remove-user", &gone, "--tenant", "east", "--yes"])
        .success();
    database.vital(&["revoke-admin", &gone, "--yes"]).success();
}

#[test]
fn an_export_names_nobody_who_is_gone_and_can_be_seeded() {
    let database = Database::create(Template::World);
    let mut client = database.client();
    for user in [users::NORTH_MEMBER, users::NORTH_REMOVED, users::ADMIN] {
        client.batch_execute(&delete(user)).unwrap();
    }
    let export = database.vital(&["seed", "--export"]).success();
    for user in [users::NORTH_MEMBER, users::NORTH_REMOVED, users::ADMIN] {
        assert!(!export.stdout.contains(&user.to_string()), "{export}");
        assert!(
            export.stderr.contains(&format!("user {user}, who is gone")),
            "{export}"
        );
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("export.yaml");
    std::fs::write(&path, &export.stdout).unwrap();
    let run = database
        .vital(&["seed", path.to_str().unwrap(), "--yes"])
        .success();
    assert!(run.stdout.contains("nothing to do"), "{run}");
}

#[test]
fn a_user_who_goes_writes_nothing_in_a_transaction_that_began_before() {
    let database = Database::create(Template::World);
    let mut attacker = database.acting_as(users::NORTH_OWNER);
    attacker
        .batch_execute("begin isolation level repeatable read; select from public.tenants")
        .unwrap();
    database
        .client()
        .batch_execute(&delete(users::NORTH_OWNER))
        .unwrap();
    let error = attacker
        .batch_execute("update public.tenants set branding = '{}'")
        .unwrap_err();
    assert_eq!(error.code().map(postgres::error::SqlState::code), Some("40001"));
}
