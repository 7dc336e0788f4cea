//! Tenants, memberships and roles: a user sees their own, changes little, and grants nothing.

use super::scenario::Scene;
use super::world::{tenants, users};
use uuid::Uuid;

fn slugs(scene: &mut Scene) -> Vec<String> {
    scene.column("select slug from public.tenants order by slug")
}

fn update(tenant: Uuid, change: &str) -> String {
    format!("update public.tenants set {change} where id = '{tenant}'")
}

#[test]
fn member_sees_the_active_tenants_they_belong_to() {
    let mut scene = Scene::open();
    for user in [
        users::NORTH_OWNER,
        users::NORTH_ADMIN,
        users::NORTH_MEMBER,
        users::NORTH_GUEST,
        users::HALF,
        users::SPLIT,
    ] {
        scene.user(user);
        assert_eq!(slugs(&mut scene), ["north"]);
    }
    for user in [users::BOTH, users::MIXED] {
        scene.user(user);
        assert_eq!(slugs(&mut scene), ["north", "south"]);
    }
    for user in users::LOCKED_OUT {
        scene.user(user);
        assert_eq!(slugs(&mut scene), Vec::<String>::new());
    }
    scene.nobody();
    assert_eq!(slugs(&mut scene), Vec::<String>::new());
    scene.user(users::ADMIN);
    assert_eq!(slugs(&mut scene).len(), 10);
}

#[test]
fn billing_and_quotas_of_other_tenants_are_never_visible() {
    let mut scene = Scene::open();
    for (user, seen) in [
        (users::NORTH_OWNER, vec!["north@billing.example"]),
        (users::EAST_OWNER, vec!["east@billing.example"]),
        (users::OUTSIDER, vec![]),
    ] {
        let sql = "select billing_email from public.tenants where quotas ->> 'seats' = '5'";
        assert_eq!(scene.user(user).column(sql), seen);
    }
}

#[test]
fn user_sees_their_own_memberships_and_roles_only() {
    let mut scene = Scene::open();
    let memberships = "select distinct user_id from public.user_tenants";
    let roles = "select distinct user_id from public.user_roles";
    for user in [users::NORTH_OWNER, users::SOUTH_OWNER, users::NORTH_ADMIN] {
        scene.user(user);
        assert_eq!(scene.column(memberships), [user.to_string()]);
        assert!(scene.column(roles).iter().all(|id| *id == user.to_string()));
    }
    for user in [users::SUPPORT, users::STRAY] {
        scene.user(user);
        assert_eq!(scene.column(memberships), Vec::<String>::new());
        assert_eq!(scene.column(roles), [user.to_string()]);
    }
    scene.nobody();
    assert_eq!(scene.column(memberships), Vec::<String>::new());
    assert_eq!(scene.column(roles), Vec::<String>::new());
}

#[test]
fn platform_admin_sees_all_memberships_and_roles() {
    let mut scene = Scene::open();
    for table in ["tenants", "user_tenants", "user_roles", "resource_sharing_audit"] {
        let sql = format!("select count(*) from public.{table}");
        let all = scene.owner().one(&sql);
        assert_ne!(all, "0");
        assert_eq!(scene.user(users::ADMIN).one(&sql), all, "{table}");
        assert_eq!(scene.service().one(&sql), all, "{table}");
    }
}

#[test]
fn owner_and_admin_change_contacts_and_branding() {
    let mut scene = Scene::open();
    for user in [users::NORTH_OWNER, users::NORTH_ADMIN] {
        scene.user(user);
        let change = "primary_contact_name = 'N', primary_contact_email = 'n@x', primary_contact_phone = '1', \
                      billing_email = 'b@x', branding = '{\"logo\": 1}'";
        assert_eq!(scene.ok(&update(tenants::NORTH, change)), 1);
        let by = format!(
            "select updated_by = '{user}' and updated_at = now() from public.tenants where slug = 'north'"
        );
        assert_eq!(scene.one(&by), "t");
    }
}

#[test]
fn owner_and_admin_change_nothing_else_of_their_tenant() {
    let mut scene = Scene::open();
    let columns = scene.column(
        "select attname from pg_attribute where attrelid = 'public.tenants'::regclass and attnum > 0 \
         and not attisdropped and attname not in ('primary_contact_name', 'primary_contact_email', \
         'primary_contact_phone', 'billing_email', 'branding', 'updated_at')",
    );
    assert_eq!(columns.len(), 33);
    for column in columns {
        let value = match column.as_str() {
            "id" => format!("'{}'", tenants::NOWHERE),
            "parent_tenant_id" => format!("'{}'", tenants::SOUTH),
            "created_by" | "updated_by" => format!("'{}'", users::NORTH_OWNER),
            "slug" => "'south'".to_owned(),
            "status" => "'pending'".to_owned(),
            "type" => "'solution'".to_owned(),
            "country_code" => "'DE'".to_owned(),
            "subscription_tier" => "'enterprise'".to_owned(),
            "subscription_status" => "'trial'".to_owned(),
            "hipaa_compliant" | "gdpr_compliant" | "sox_compliant" => "true".to_owned(),
            "encryption_enabled" => "false".to_owned(),
            "quotas" | "metadata" | "config" | "features" | "resource_access_config" => {
                "'{\"seats\": 6}'".to_owned()
            }
            _ if column.ends_with("_at") => "'2030-01-01'".to_owned(),
            _ => "'x'".to_owned(),
        };
        for user in [users::NORTH_OWNER, users::NORTH_ADMIN] {
            let sql = update(tenants::NORTH, &format!("{column} = {value}"));
            let said = scene.user(user).refused(&sql, "42501");
            let expected = "only a platform admin may change more of a tenant than its contacts and branding";
            assert!(said.starts_with(expected), "{column}: {said}");
        }
    }
}

/// A client sends every column, moments to the millisecond, and its own clock as updated_at.
#[test]
fn a_tenant_is_sent_back_as_a_client_read_it() {
    let mut scene = Scene::open();
    let moments = [
        "subscription_starts_at",
        "subscription_ends_at",
        "trial_ends_at",
        "activated_at",
        "suspended_at",
        "archived_at",
        "created_at",
    ];
    let times = |value: &str| moments.map(|column| format!("{column} = {value}")).join(", ");
    let set = times("'2031-01-01 00:00:00.123456+00'")
        .replace("created_at = '2031", "created_at = '2024")
        .replace("starts_at = '2031", "starts_at = '2024");
    scene.ok(&update(tenants::NORTH, &set));
    let all = format!(
        "select concat_ws(' ', {}) from public.tenants where slug = 'north'",
        moments.join(", ")
    );
    let before = scene.one(&all);
    for user in [users::NORTH_ADMIN, users::ADMIN] {
        for precision in ["date_trunc('milliseconds', $)", "$::timestamptz(3)"] {
            let back = moments.map(|column| format!("{column} = {}", precision.replace('$', column)));
            let sql = update(
                tenants::NORTH,
                &format!("updated_at = '2999-01-01', {}", back.join(", ")),
            );
            assert_eq!(scene.user(user).ok(&sql), 1);
            assert_eq!(scene.owner().one(&all), before);
            let touched = "select updated_at = now() from public.tenants where slug = 'north'";
            assert_eq!(scene.one(touched), "t");
        }
    }
    for column in moments {
        for change in [
            "+ interval '2 milliseconds'",
            "- interval '1 year'",
            "+ interval 'infinity'",
        ] {
            if change.contains("infinity") && scene.version() < 17 {
                continue;
            }
            let sql = update(tenants::NORTH, &format!("{column} = {column} {change}"));
            scene.user(users::NORTH_OWNER).refused(&sql, "42501");
        }
        let sql = update(tenants::NORTH, &format!("{column} = null"));
        scene.refused(&sql, "42501");
    }
}

#[test]
fn nobody_else_changes_a_tenant() {
    let mut scene = Scene::open();
    let everybody = [
        users::NORTH_MEMBER,
        users::NORTH_GUEST,
        users::SOUTH_OWNER,
        users::EAST_OWNER,
        users::HALF,
    ];
    for user in everybody.into_iter().chain(users::LOCKED_OUT) {
        scene.user(user);
        for tenant in [
            tenants::NORTH,
            tenants::FROZEN,
            tenants::PLATFORM,
            tenants::NOWHERE,
        ] {
            assert_eq!(scene.ok(&update(tenant, "branding = '{\"a\": 1}'")), 0, "{user}");
        }
        assert_eq!(scene.ok("delete from public.tenants"), 0);
    }
    scene
        .anon()
        .refused(&update(tenants::NORTH, "name = 'x'"), "42501");
    // A member of one tenant and admin of another.
    scene.user(users::MIXED);
    assert_eq!(scene.ok(&update(tenants::NORTH, "branding = '{}'")), 0);
    assert_eq!(scene.ok(&update(tenants::SOUTH, "branding = '{}'")), 1);
}

#[test]
fn only_platform_admins_create_and_delete_tenants() {
    let mut scene = Scene::open();
    let sql = |slug: &str| {
        format!("insert into public.tenants (name, slug, type) values ('x', '{slug}', 'client')")
    };
    let owners = [users::NORTH_OWNER, users::NORTH_MEMBER, users::BOTH];
    for user in owners.into_iter().chain(users::LOCKED_OUT) {
        for slug in ["new", "south"] {
            let said = scene.user(user).refused(&sql(slug), "42501");
            assert!(
                said.starts_with("new row violates row-level security policy"),
                "{said}"
            );
        }
        let sql = format!("delete from public.tenants where id = '{}'", tenants::NORTH);
        assert_eq!(scene.ok(&sql), 0);
    }
    scene.user(users::ADMIN);
    assert_eq!(scene.ok(&sql("new")), 1);
    assert_eq!(scene.ok("delete from public.tenants where slug = 'new'"), 1);
}

#[test]
fn platform_admin_gets_back_the_tenant_they_create() {
    let mut scene = Scene::open();
    let sql = "insert into public.tenants (name, slug, type) values ('x', 'new', 'client') returning slug";
    assert_eq!(scene.user(users::ADMIN).one(sql), "new");
}

#[test]
fn platform_admin_changes_any_tenant() {
    let mut scene = Scene::open();
    scene.user(users::ADMIN);
    for tenant in [tenants::NORTH, tenants::FROZEN, tenants::GONE] {
        let change = "status = 'suspended', subscription_tier = 'enterprise', quotas = '{\"seats\": 9}'";
        assert_eq!(scene.ok(&update(tenant, change)), 1);
    }
    let by = "select updated_by from public.tenants where slug = 'north'";
    assert_eq!(scene.one(by), users::ADMIN.to_string());
}

#[test]
fn seeded_tenants_keep_their_slug_through_the_api() {
    let mut scene = Scene::open();
    for slug in ["vital-platform", "digital-health-startup"] {
        let sql = format!("update public.tenants set slug = 'other' where slug = '{slug}'");
        scene.user(users::ADMIN).refused(&sql, "42501");
        let sql = format!("update public.tenants set name = 'Other' where slug = '{slug}'");
        assert_eq!(scene.ok(&sql), 1);
    }
    assert_eq!(
        scene.ok("update public.tenants set slug = 'nord' where slug = 'north'"),
        1
    );
}

#[test]
fn nobody_writes_memberships_or_roles() {
    let mut scene = Scene::open();
    let statements = |user: Uuid| {
        [
            format!(
                "insert into public.user_tenants (user_id, tenant_id, role) values ('{user}', '{}', 'owner')",
                tenants::SOUTH
            ),
            format!("insert into public.user_roles (user_id, role) values ('{user}', 'platform_admin')"),
            format!("update public.user_tenants set role = 'owner' where user_id = '{user}'"),
            "update public.user_roles set role = 'platform_admin'".to_owned(),
            "delete from public.user_tenants".to_owned(),
            "delete from public.user_roles".to_owned(),
        ]
    };
    for user in [
        users::NORTH_OWNER,
        users::NORTH_MEMBER,
        users::NORTH_SUSPENDED,
        users::ADMIN,
    ] {
        for sql in statements(user) {
            scene.user(user).refused(&sql, "42501");
            scene.anon().refused(&sql, "42501");
            scene.service().refused(&sql, "42501");
        }
    }
}

#[test]
fn nobody_grants_themselves_a_role_or_a_membership() {
    let mut scene = Scene::open();
    for user in [users::NORTH_OWNER, users::OUTSIDER, users::ADMIN] {
        for sql in [
            format!("select public.grant_platform_admin('{user}')"),
            format!("select public.assign_user_to_dh_startup('{user}')"),
            format!("select public.assign_user_to_dh_startup('{user}', 'owner')"),
            format!(
                "select vital_private.assign_member('{user}', '{}', 'owner')",
                tenants::SOUTH
            ),
            format!("select vital_private.require_users('{{{user}}}')"),
            format!("select vital_private.change_platform_admins('{{{user}}}', true, null)"),
            format!(
                "select vital_private.change_members('{{{user}}}', '{{{}}}', '{{owner}}', '{{active}}')",
                tenants::SOUTH
            ),
        ] {
            for actor in [Scene::anon as fn(&mut Scene) -> &mut Scene, Scene::nobody] {
                actor(&mut scene).refused(&sql, "42501");
            }
            let said = scene.user(user).refused(&sql, "42501");
            assert!(said.starts_with("permission denied for function"), "{said}");
        }
    }
}
