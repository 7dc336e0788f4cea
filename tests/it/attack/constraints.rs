//! States that must not be: refused by constraints, also to the owner with every trigger switched off.

use super::scenario::Scene;
use super::world::{agents, tenants, users};

fn without_triggers() -> Scene {
    let mut scene = Scene::open();
    for table in ["agents", "tenants", "user_tenants"] {
        scene.ok(&format!("alter table public.{table} disable trigger user"));
    }
    scene
}

#[test]
fn sharing_columns_cannot_disagree() {
    let mut scene = without_triggers();
    let south = format!("'{{{}}}'", tenants::SOUTH);
    for (shared, mode, with) in [
        ("false", "'global'", "null"),
        ("false", "'selective'", south.as_str()),
        ("true", "'private'", "null"),
        ("true", "'selective'", "null"),
        ("true", "'selective'", "'{}'"),
        ("true", "'selective'", "'{null}'"),
        ("true", "'global'", south.as_str()),
        ("false", "'private'", south.as_str()),
        ("false", "'private'", "'{null}'"),
        ("null", "'private'", "null"),
        ("null", "'global'", "null"),
        ("true", "null", "null"),
        ("false", "null", "null"),
        ("null", "null", "null"),
        ("true", "'selective'", "array[null, gen_random_uuid()]"),
    ] {
        let sql = format!(
            "update public.agents set is_shared = {shared}, sharing_mode = {mode}, shared_with = {with} \
             where id = '{}'",
            agents::NORTH_PRIVATE
        );
        let said = scene.refused(&sql, "23514");
        assert!(said.ends_with("agents_sharing_check"), "{said}");
    }
    for (shared, mode, with) in [
        ("false", "'private'", "null"),
        ("false", "'private'", "'{}'"),
        ("true", "'global'", "null"),
        ("true", "'selective'", south.as_str()),
    ] {
        let sql = format!(
            "update public.agents set is_shared = {shared}, sharing_mode = {mode}, shared_with = {with} \
             where id = '{}'",
            agents::NORTH_PRIVATE
        );
        assert_eq!(scene.ok(&sql), 1);
    }
}

#[test]
fn unknown_values_are_refused() {
    let mut scene = without_triggers();
    for (table, column, constraint) in [
        ("agents", "sharing_mode", "agents_sharing_mode_check"),
        ("agents", "resource_type", "agents_resource_type_check"),
        ("tenants", "type", "tenants_type_check"),
        ("tenants", "subscription_tier", "tenants_subscription_tier_check"),
        (
            "tenants",
            "subscription_status",
            "tenants_subscription_status_check",
        ),
        ("tenants", "status", "tenants_status_check"),
        ("user_tenants", "role", "user_tenants_role_check"),
        ("user_tenants", "status", "user_tenants_status_check"),
        ("user_roles", "role", "user_roles_role_check"),
        (
            "resource_sharing_audit",
            "action",
            "resource_sharing_audit_action_check",
        ),
    ] {
        if column == "sharing_mode" {
            // An unknown mode is shared, so that only the check of modes objects.
            scene
                .ok("update public.agents set is_shared = true, sharing_mode = 'global', shared_with = null");
        }
        for value in ["unknown", "", "Private", "ACTIVE", "superuser"] {
            let sql = match table {
                "resource_sharing_audit" => format!(
                    "insert into public.resource_sharing_audit (resource_type, resource_id, action, owner_tenant_id) \
                     values ('agent', gen_random_uuid(), '{value}', '{}')",
                    tenants::NORTH
                ),
                "tenants" => {
                    format!("update public.tenants set {column} = '{value}' where slug = 'north'")
                }
                _ => format!("update public.{table} set {column} = '{value}'"),
            };
            let said = scene.refused(&sql, "23514");
            assert!(said.ends_with(constraint), "{said}");
        }
    }
}

#[test]
fn there_is_one_platform_tenant_and_it_stays_open() {
    let mut scene = without_triggers();
    let second = "insert into public.tenants (name, slug, type) values ('x', 'second', 'platform')";
    let said = scene.refused(second, "23505");
    assert!(said.ends_with("tenants_platform_key"), "{said}");
    let said = scene.refused(
        "update public.tenants set type = 'platform' where slug = 'north'",
        "23505",
    );
    assert!(said.ends_with("tenants_platform_key"), "{said}");
    for change in [
        "status = 'suspended'",
        "status = 'archived'",
        "status = 'pending'",
        "status = 'deleted'",
        "status = null",
        "deleted_at = now()",
    ] {
        let sql = format!("update public.tenants set {change} where type = 'platform'");
        let said = scene.refused(&sql, "23514");
        assert!(said.ends_with("tenants_platform_check"), "{said}");
    }
}

#[test]
fn platform_admin_never_carries_a_tenant() {
    let mut scene = without_triggers();
    let sql = format!(
        "insert into public.user_roles (user_id, role, tenant_id) values ('{}', 'platform_admin', '{}')",
        users::OUTSIDER,
        tenants::PLATFORM
    );
    let said = scene.refused(&sql, "23514");
    assert!(said.ends_with("user_roles_platform_admin_check"), "{said}");
}

#[test]
fn a_role_within_a_tenant_names_it() {
    let mut scene = without_triggers();
    for role in ["tenant_owner", "tenant_admin"] {
        let sql = format!(
            "insert into public.user_roles (user_id, role) values ('{}', '{role}')",
            users::OUTSIDER
        );
        let said = scene.refused(&sql, "23514");
        assert!(said.contains("user_roles_tenant_role_check"), "{said}");
    }
}

#[test]
fn grants_and_memberships_are_unique() {
    let mut scene = without_triggers();
    for (sql, constraint) in [
        (
            format!(
                "insert into public.user_roles (user_id, role) values ('{}', 'platform_admin')",
                users::ADMIN
            ),
            "user_roles_user_id_role_key",
        ),
        (
            format!(
                "insert into public.user_roles (user_id, role, tenant_id) values ('{}', 'tenant_owner', '{}')",
                users::NORTH_OWNER,
                tenants::NORTH
            ),
            "user_roles_user_id_role_tenant_id_key",
        ),
        (
            format!(
                "insert into public.user_tenants (user_id, tenant_id, status) values ('{}', '{}', 'removed')",
                users::NORTH_OWNER,
                tenants::NORTH
            ),
            "user_tenants_user_id_tenant_id_key",
        ),
        (
            "insert into public.tenants (name, slug, type) values ('x', 'north', 'client')".to_owned(),
            "tenants_slug_key",
        ),
    ] {
        let said = scene.refused(&sql, "23505");
        assert!(said.ends_with(constraint), "{said}");
    }
    scene.ok("update public.tenants set domain = 'a.example' where slug = 'north'");
    let sql = "update public.tenants set domain = 'a.example' where slug = 'south'";
    let said = scene.refused(sql, "23505");
    assert!(said.ends_with("tenants_domain_key"), "{said}");
}

#[test]
fn slugs_are_lower_case_kebab() {
    let mut scene = without_triggers();
    for slug in ["", "North", "a_b", "a b", "-a", "a-", "a--b", "ä", "a.b", "a\n"] {
        let sql = format!("update public.tenants set slug = '{slug}' where slug = 'north'");
        let said = scene.refused(&sql, "23514");
        assert!(said.ends_with("tenants_slug_check"), "{slug:?} {said}");
    }
    for slug in ["a", "a-b", "a1-2b"] {
        scene.ok(&format!(
            "update public.tenants set slug = '{slug}' where name = 'North'"
        ));
    }
}

#[test]
fn subscription_and_trial_end_after_they_start() {
    let mut scene = without_triggers();
    for (change, constraint) in [
        (
            "subscription_ends_at = subscription_starts_at",
            "tenants_subscription_ends_at_check",
        ),
        (
            "subscription_ends_at = subscription_starts_at - interval '1 day'",
            "tenants_subscription_ends_at_check",
        ),
        ("trial_ends_at = created_at", "tenants_trial_ends_at_check"),
        (
            "trial_ends_at = created_at - interval '1 day'",
            "tenants_trial_ends_at_check",
        ),
    ] {
        let said = scene.refused(&format!("update public.tenants set {change}"), "23514");
        assert!(said.ends_with(constraint), "{said}");
    }
}

#[test]
fn what_identifies_a_row_is_never_missing() {
    let mut scene = without_triggers();
    for (table, columns) in [
        ("tenants", "name slug type created_at updated_at"),
        (
            "user_tenants",
            "user_id tenant_id role status created_at updated_at",
        ),
        ("user_roles", "user_id role created_at"),
    ] {
        for column in columns.split(' ') {
            scene.refused(&format!("update public.{table} set {column} = null"), "23502");
        }
    }
    let columns = "resource_type resource_id action owner_tenant_id created_at";
    for column in columns.split(' ') {
        let sql = format!(
            "select attnotnull from pg_attribute where attrelid = 'public.resource_sharing_audit'::regclass \
             and attname = '{column}'"
        );
        assert_eq!(scene.one(&sql), "t", "{column}");
    }
}

#[test]
fn rows_refer_to_tenants_that_exist() {
    let mut scene = without_triggers();
    let nowhere = tenants::NOWHERE;
    for sql in [
        format!("update public.agents set tenant_id = '{nowhere}'"),
        format!(
            "update public.user_tenants set tenant_id = '{nowhere}' where user_id = '{}'",
            users::NORTH_GUEST
        ),
        format!("update public.user_roles set tenant_id = '{nowhere}' where role = 'tenant_owner'"),
        format!("update public.tenants set parent_tenant_id = '{nowhere}'"),
    ] {
        scene.refused(&sql, "23503");
    }
}
