//! Functions that a user may call: each answers about the caller, and tells nothing about another user or tenant.

use super::scenario::Scene;
use super::world::{tenants, users};
use uuid::Uuid;

#[test]
fn functions_tell_a_user_nothing_about_another() {
    let mut scene = Scene::open();
    for asker in [users::NORTH_OWNER, users::OUTSIDER, users::SUPPORT, users::STRAY] {
        scene.user(asker);
        for other in [users::ADMIN, users::SOUTH_OWNER, users::NORTH_ADMIN, users::BOTH] {
            for (sql, expected) in [
                (format!("select public.is_platform_admin('{other}')"), "f"),
                (
                    format!("select public.has_tenant_access('{other}', '{}')", tenants::NORTH),
                    "f",
                ),
                (
                    format!("select public.has_tenant_access('{other}', '{}')", tenants::SOUTH),
                    "f",
                ),
                (
                    format!("select count(*) from public.get_user_tenants('{other}')"),
                    "0",
                ),
            ] {
                assert_eq!(scene.one(&sql), expected, "{asker}: {sql}");
            }
        }
    }
}

#[test]
fn functions_answer_a_user_about_themselves() {
    let mut scene = Scene::open();
    let user = users::BOTH;
    scene.user(user);
    for tenant in [tenants::NORTH, tenants::SOUTH] {
        assert_eq!(
            scene.one(&format!("select public.has_tenant_access('{user}', '{tenant}')")),
            "t"
        );
    }
    for tenant in [tenants::EAST, tenants::FROZEN, tenants::NOWHERE] {
        assert_eq!(
            scene.one(&format!("select public.has_tenant_access('{user}', '{tenant}')")),
            "f"
        );
    }
    let sql = format!("select tenant_slug || ' ' || role from public.get_user_tenants('{user}')");
    assert_eq!(scene.column(&sql), ["north owner", "south owner"]);
    let admin = users::ADMIN;
    scene.user(admin);
    assert_eq!(
        scene.one(&format!("select public.is_platform_admin('{admin}')")),
        "t"
    );
    let sql = format!(
        "select public.has_tenant_access('{admin}', '{}')",
        tenants::FROZEN
    );
    assert_eq!(scene.one(&sql), "t");
    let sql = format!(
        "select public.has_tenant_access('{admin}', '{}')",
        tenants::NOWHERE
    );
    assert_eq!(scene.one(&sql), "f");
}

#[test]
fn platform_admins_and_trusted_roles_ask_about_anybody() {
    let mut scene = Scene::open();
    let has_access =
        |user: Uuid, tenant: Uuid| format!("select public.has_tenant_access('{user}', '{tenant}')");
    let count = |user: Uuid| format!("select count(*) from public.get_user_tenants('{user}')");
    let is_admin = |user: Uuid| format!("select public.is_platform_admin('{user}')");
    let mut questions = vec![
        (is_admin(users::ADMIN), "t"),
        (is_admin(users::SUPPORT), "f"),
        (is_admin(users::STRAY), "f"),
        (has_access(users::SOUTH_OWNER, tenants::SOUTH), "t"),
        (has_access(users::SOUTH_OWNER, tenants::NORTH), "f"),
        (has_access(users::ADMIN, tenants::GONE), "t"),
        (has_access(users::ADMIN, tenants::NOWHERE), "f"),
        (count(users::BOTH), "2"),
        (count(users::ADMIN), "0"),
    ];
    for (user, tenant) in [
        (users::NORTH_SUSPENDED, tenants::NORTH),
        (users::NORTH_REMOVED, tenants::NORTH),
        (users::NORTH_INVITED, tenants::NORTH),
        (users::STRAY, tenants::NORTH),
        (users::FROZEN_OWNER, tenants::FROZEN),
        (users::SHELF_OWNER, tenants::SHELF),
        (users::GONE_OWNER, tenants::GONE),
        (users::EARLY_OWNER, tenants::EARLY),
        (users::GHOST_OWNER, tenants::GHOST),
    ] {
        questions.push((has_access(user, tenant), "f"));
        questions.push((count(user), "0"));
    }
    for actor in [
        Scene::owner as fn(&mut Scene) -> &mut Scene,
        Scene::service,
        |scene| scene.user(users::ADMIN),
    ] {
        actor(&mut scene);
        for (sql, expected) in &questions {
            assert_eq!(scene.one(sql), *expected, "{sql}");
        }
    }
}

#[test]
fn lookups_find_only_tenants_that_the_caller_may_see() {
    let mut scene = Scene::open();
    scene.ok("update public.tenants set domain = slug || '.example' where slug <> 'vital-platform'");
    let by_slug = |slug: &str| format!("select slug from public.get_tenant_by_slug('{slug}')");
    let by_domain = |slug: &str| format!("select slug from public.get_tenant_by_domain('{slug}.example')");
    for sql in [by_slug, by_domain] {
        scene.user(users::NORTH_GUEST);
        assert_eq!(scene.column(&sql("north")), ["north"]);
        for hidden in ["south", "frozen", "ghost", "nowhere"] {
            assert_eq!(scene.column(&sql(hidden)), Vec::<String>::new());
        }
        for actor in [Scene::service as fn(&mut Scene) -> &mut Scene, |scene| {
            scene.user(users::ADMIN)
        }] {
            actor(&mut scene);
            assert_eq!(scene.column(&sql("south")), ["south"]);
            assert_eq!(scene.column(&sql("ghost")), Vec::<String>::new(), "deleted");
        }
    }
    assert_eq!(
        scene
            .user(users::OUTSIDER)
            .one("select public.get_super_admin_tenant_id()"),
        tenants::PLATFORM.to_string()
    );
}

#[test]
fn internals_answer_a_user_about_themselves_only() {
    let mut scene = Scene::open();
    let expected = |list: &[Uuid]| {
        let mut list: Vec<String> = list.iter().map(Uuid::to_string).collect();
        list.sort();
        list
    };
    for (user, members, administered) in [
        (users::NORTH_MEMBER, vec![tenants::NORTH], vec![]),
        (
            users::MIXED,
            vec![tenants::NORTH, tenants::SOUTH],
            vec![tenants::SOUTH],
        ),
        (users::OUTSIDER, vec![], vec![]),
        (users::FROZEN_OWNER, vec![], vec![]),
        (users::SUPPORT, vec![], vec![]),
    ] {
        scene.user(user);
        let all =
            "select unnest(vital_private.member_tenants('{owner,admin,member,guest,removed,x}')) order by 1";
        assert_eq!(scene.column(all), expected(&members));
        let some = "select unnest(vital_private.member_tenants('{owner,admin}')) order by 1";
        assert_eq!(scene.column(some), expected(&administered));
        let none = "select unnest(vital_private.platform_admin_tenants())";
        assert_eq!(scene.column(none), Vec::<String>::new());
        assert_eq!(
            scene.column("select unnest(vital_private.member_tenants(null))"),
            Vec::<String>::new()
        );
        // Asking on behalf of somebody else tells only what the session itself says.
        scene.set("app.tenant_user", &users::SOUTH_OWNER.to_string());
        let sql = format!("select vital_private.requested_tenant('{}')", users::SOUTH_OWNER);
        assert_eq!(scene.one(&sql), "null");
    }
}

#[test]
fn every_function_that_a_user_may_call_is_examined_here() {
    let mut scene = Scene::open();
    let sql = "select string_agg(p.proname, ' ' order by p.proname, p.pronargs) from pg_proc as p \
               where p.pronamespace in ('public'::regnamespace, 'vital_private'::regnamespace) \
               and has_function_privilege('authenticated', p.oid, 'execute')";
    assert_eq!(
        scene.one(sql),
        "administered_tenants author_id caller_id can_access_resource check_document get_current_tenant_id get_super_admin_tenant_id \
         get_tenant_by_domain get_tenant_by_slug get_user_tenants has_tenant_access initial_count is_author is_gone is_json \
         is_known_gone is_platform_admin is_platform_admin member_tenants moment platform_admin_tenants readable_tenants \
         requested_tenant set_tenant_context writable_tenants"
    );
}
