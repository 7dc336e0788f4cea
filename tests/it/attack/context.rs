//! The choice of a tenant: among the user's own active memberships, in a fixed order of places, and nothing else.

use super::scenario::{Scene, Way};
use super::world::{NORTH_READS, SOUTH_READS, tenants, users};
use uuid::Uuid;

fn current(scene: &mut Scene) -> String {
    scene.one("select public.get_current_tenant_id()")
}

#[test]
fn set_tenant_context_opens_ones_own_tenants() {
    let mut scene = Scene::open();
    scene
        .user(users::BOTH)
        .acting_for(tenants::NORTH)
        .reads_exactly(&NORTH_READS);
    assert_eq!(current(&mut scene), tenants::NORTH.to_string());
    scene.acting_for(tenants::SOUTH).reads_exactly(&SOUTH_READS);
    assert_eq!(current(&mut scene), tenants::SOUTH.to_string());
    scene.ok("select public.set_tenant_context(null)");
    scene.reads_only_global();
    assert_eq!(current(&mut scene), "null");
}

#[test]
fn set_tenant_context_refuses_other_tenants_and_says_nothing_about_them() {
    let mut scene = Scene::open();
    let closed = tenants::CLOSED;
    let others = [tenants::SOUTH, tenants::NOWHERE, tenants::PLATFORM];
    for tenant in others.into_iter().chain(closed) {
        let sql = format!("select public.set_tenant_context('{tenant}')");
        for user in [users::NORTH_OWNER, users::OUTSIDER, users::SUPPORT, users::STRAY] {
            let said = scene.user(user).refused(&sql, "42501");
            assert_eq!(said, format!("no active membership in tenant {tenant} |  |  | "));
        }
        scene.nobody().refused(&sql, "42501");
    }
    scene.user(users::NORTH_OWNER).reads_exactly(&NORTH_READS);
}

#[test]
fn set_tenant_context_refuses_who_is_no_active_member() {
    let mut scene = Scene::open();
    let own = [
        (users::NORTH_SUSPENDED, tenants::NORTH),
        (users::NORTH_REMOVED, tenants::NORTH),
        (users::NORTH_INVITED, tenants::NORTH),
        (users::STRAY, tenants::NORTH),
        (users::FROZEN_OWNER, tenants::FROZEN),
        (users::SHELF_OWNER, tenants::SHELF),
        (users::GONE_OWNER, tenants::GONE),
        (users::EARLY_OWNER, tenants::EARLY),
        (users::GHOST_OWNER, tenants::GHOST),
        (users::HALF, tenants::SOUTH),
        (users::SPLIT, tenants::FROZEN),
    ];
    for (user, tenant) in own {
        let sql = format!("select public.set_tenant_context('{tenant}')");
        scene.user(user).refused(&sql, "42501");
    }
}

#[test]
fn platform_admin_acts_for_any_tenant_that_exists() {
    let mut scene = Scene::open();
    scene.user(users::ADMIN);
    for tenant in [tenants::SOUTH, tenants::FROZEN, tenants::PLATFORM] {
        scene.acting_for(tenant);
        assert_eq!(current(&mut scene), tenant.to_string());
    }
    let sql = format!("select public.set_tenant_context('{}')", tenants::NOWHERE);
    scene.refused(&sql, "42501");
}

#[test]
fn trusted_role_acts_for_any_tenant_that_exists() {
    let mut scene = Scene::open();
    for trusted in [Scene::service as fn(&mut Scene) -> &mut Scene, Scene::owner] {
        trusted(&mut scene).acting_for(tenants::FROZEN);
        assert_eq!(current(&mut scene), tenants::FROZEN.to_string());
        let sql = format!("select public.set_tenant_context('{}')", tenants::NOWHERE);
        scene.refused(&sql, "23503");
        scene.ok("select public.set_tenant_context(null)");
        assert_eq!(current(&mut scene), "null");
    }
}

#[test]
fn no_unchecked_request_opens_another_tenant() {
    let mut scene = Scene::open();
    // East has one member, the platform none.
    let others = [tenants::SOUTH, tenants::EAST, tenants::NOWHERE, tenants::PLATFORM];
    for way in Way::UNCHECKED {
        for tenant in others.into_iter().chain(tenants::CLOSED) {
            let tenant = tenant.to_string();
            for user in [users::NORTH_OWNER, users::NORTH_GUEST]
                .into_iter()
                .chain(users::LOCKED_OUT)
            {
                let seen = scene.asking(user, way, &tenant).reads();
                let other = ["south", "east", "platform", "shelf", "gone", "early", "ghost"];
                for name in other {
                    assert!(
                        !seen.contains(&format!("{name} private")),
                        "{way:?} {tenant} {user}"
                    );
                }
                assert!(
                    !seen.contains(&"frozen private".to_owned()),
                    "{way:?} {tenant} {user}"
                );
                let acting = current(&mut scene);
                let allowed = acting == "null" || acting == tenants::NORTH.to_string();
                assert!(allowed, "{way:?} {tenant} {user}: {acting}");
            }
        }
    }
}

#[test]
fn request_for_another_tenant_closes_ones_own() {
    let mut scene = Scene::open();
    for way in [Way::Header, Way::AppMetadata, Way::RawSet] {
        for asked in [tenants::SOUTH, tenants::NOWHERE] {
            scene
                .asking(users::NORTH_MEMBER, way, &asked.to_string())
                .reads_only_global();
            assert_eq!(current(&mut scene), "null", "{way:?}");
        }
    }
}

#[test]
fn every_way_that_counts_chooses_among_ones_own_tenants() {
    let mut scene = Scene::open();
    for way in [Way::Header, Way::AppMetadata, Way::RawSet] {
        for (tenant, expected) in [(tenants::NORTH, NORTH_READS), (tenants::SOUTH, SOUTH_READS)] {
            scene
                .asking(users::BOTH, way, &tenant.to_string())
                .reads_exactly(&expected);
            assert_eq!(current(&mut scene), tenant.to_string(), "{way:?}");
        }
    }
}

#[test]
fn user_metadata_and_a_bare_session_variable_choose_nothing() {
    let mut scene = Scene::open();
    for way in [Way::UserMetadata, Way::RawSetTenantOnly] {
        scene
            .asking(users::BOTH, way, &tenants::SOUTH.to_string())
            .reads_only_global();
        assert_eq!(current(&mut scene), "null", "{way:?}");
        // Ignored, so the only membership counts.
        scene
            .asking(users::NORTH_MEMBER, way, &tenants::SOUTH.to_string())
            .reads_exactly(&NORTH_READS);
    }
}

#[test]
fn session_variable_of_another_user_is_ignored() {
    let mut scene = Scene::open();
    scene.user(users::BOTH).acting_for(tenants::SOUTH);
    scene.user(users::MIXED).reads_only_global();
    scene.user(users::NORTH_MEMBER).reads_exactly(&NORTH_READS);
    scene.user(users::SOUTH_MEMBER).reads_exactly(&SOUTH_READS);
    scene.nobody().reads_only_global();
    scene.user(users::BOTH).reads_exactly(&SOUTH_READS);
    // What a trusted role chose is not a user's choice either.
    scene.owner().acting_for(tenants::SOUTH);
    scene.user(users::MIXED).reads_only_global();
    scene.nobody().reads_only_global();
}

#[test]
fn header_wins_over_the_context_of_the_transaction_and_that_over_the_claim() {
    let mut scene = Scene::open();
    let claims = |tenant: Uuid| {
        format!(
            r#"{{"sub": "{}", "app_metadata": {{"tenant_id": "{tenant}"}}}}"#,
            users::BOTH
        )
    };
    let header = |tenant: Uuid| format!(r#"{{"host": "x", "x-tenant-id": "{tenant}"}}"#);
    scene
        .user(users::BOTH)
        .set("request.jwt.claims", &claims(tenants::SOUTH))
        .reads_exactly(&SOUTH_READS)
        .set("request.headers", &header(tenants::NORTH))
        .reads_exactly(&NORTH_READS)
        .acting_for(tenants::SOUTH)
        .reads_exactly(&NORTH_READS)
        .set("request.headers", r#"{"host": "x"}"#)
        .reads_exactly(&SOUTH_READS)
        .set("request.jwt.claims", &claims(tenants::NORTH))
        .reads_exactly(&SOUTH_READS);
    scene.ok("select public.set_tenant_context(null)");
    scene.reads_exactly(&NORTH_READS);
}

#[test]
fn malformed_requests_fail_closed_and_raise_nothing() {
    let mut scene = Scene::open();
    let north = tenants::NORTH;
    let garbage = [
        "x".to_owned(),
        " ".to_owned(),
        "null".to_owned(),
        "*".to_owned(),
        format!(" {north}"),
        format!("{{{north}}}"),
        format!("{north} or true"),
        format!("{north},{}", tenants::SOUTH),
        format!("{}%", &north.to_string()[..8]),
    ];
    for way in [Way::Header, Way::AppMetadata, Way::RawSet] {
        for request in &garbage {
            for user in [users::NORTH_MEMBER, users::BOTH] {
                scene.asking(user, way, request).reads_only_global();
                assert_eq!(current(&mut scene), "null", "{way:?} {request}");
            }
        }
    }
}

#[test]
fn malformed_headers_and_claims_fail_closed_and_raise_nothing() {
    let mut scene = Scene::open();
    for headers in [
        "x",
        "{",
        "[]",
        "null",
        "5",
        r#"{"x-tenant-id": 5}"#,
        "{\"x-tenant-id\"",
    ] {
        scene
            .user(users::BOTH)
            .set("request.headers", headers)
            .reads_only_global();
    }
    scene.set("request.headers", "");
    for metadata in [
        "5",
        "[]",
        "\"x\"",
        "{}",
        r#"{"tenant_id": 5}"#,
        r#"{"tenant_id": {}}"#,
    ] {
        let claims = format!(r#"{{"sub": "{}", "app_metadata": {metadata}}}"#, users::BOTH);
        scene.set("request.jwt.claims", &claims).reads_only_global();
        assert_eq!(current(&mut scene), "null", "{metadata}");
    }
}

#[test]
fn x_tenant_id_inside_another_header_is_no_request() {
    let mut scene = Scene::open();
    let smuggled = format!(r#"{{"cookie": "\"x-tenant-id\": \"{}\""}}"#, tenants::SOUTH);
    scene
        .user(users::BOTH)
        .set("request.headers", &smuggled)
        .reads_only_global();
    let named = format!(r#"{{"name": "x-tenant-id", "value": "{}"}}"#, tenants::SOUTH);
    scene.set("request.headers", &named).reads_only_global();
    let other = format!(r#"{{"x-x-tenant-id": "{}"}}"#, tenants::SOUTH);
    scene.set("request.headers", &other).reads_only_global();
}

#[test]
fn current_tenant_of_a_user_with_one_membership_is_that() {
    let mut scene = Scene::open();
    for user in [users::NORTH_OWNER, users::NORTH_GUEST, users::HALF, users::SPLIT] {
        scene.user(user);
        assert_eq!(current(&mut scene), tenants::NORTH.to_string());
    }
    for user in users::LOCKED_OUT.into_iter().chain([users::BOTH, users::ADMIN]) {
        scene.user(user);
        assert_eq!(current(&mut scene), "null", "{user}");
    }
}
