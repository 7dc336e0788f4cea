//! Policies and the switches of row security, read from the catalog.

use super::databases::{both, lines};

#[test]
fn row_security_is_on_and_not_forced_for_all_five_tables() {
    let sql = "
        select format('%s %s %s', c.relname, c.relrowsecurity, c.relforcerowsecurity)
        from pg_class as c
        where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'profiles'
        order by 1";
    let expected = [
        "agents t f",
        "resource_sharing_audit t f",
        "tenants t f",
        "user_roles t f",
        "user_tenants t f",
    ];
    both(|client, kind| assert_eq!(lines(client, sql), expected, "{kind}"));
}

#[test]
fn there_is_one_permissive_policy_for_each_command_and_no_other() {
    let sql = "
        select concat_ws(' ', tablename, policyname, lower(permissive), array_to_string(roles, '+'), lower(cmd))
        from pg_policies
        where schemaname = 'public' and tablename <> 'profiles'
        order by 1";
    let expected = [
        "agents agents_delete_own_tenant permissive authenticated delete",
        "agents agents_insert_own_tenant permissive authenticated insert",
        "agents agents_select_with_sharing permissive authenticated select",
        "agents agents_update_own_tenant permissive authenticated update",
        "resource_sharing_audit resource_sharing_audit_select_involved permissive authenticated select",
        "tenants tenants_delete_platform_admin permissive authenticated delete",
        "tenants tenants_insert_platform_admin permissive authenticated insert",
        "tenants tenants_select_member permissive authenticated select",
        "tenants tenants_update_administrator permissive authenticated update",
        "user_roles user_roles_select_own permissive authenticated select",
        "user_tenants user_tenants_select_own permissive authenticated select",
    ];
    both(|client, kind| assert_eq!(lines(client, sql), expected, "{kind}"));
}

#[test]
fn no_policy_is_always_true_and_every_update_checks_the_new_row() {
    let sql = "
        select policyname::text
        from pg_policies
        where schemaname = 'public' and tablename <> 'profiles'
          and (
                qual = 'true'
                or with_check = 'true'
                or (cmd = 'UPDATE' and with_check is null)
                or (cmd = 'INSERT' and with_check is null)
                or (cmd <> 'INSERT' and qual is null)
            )";
    both(|client, kind| assert_eq!(lines(client, sql), Vec::<String>::new(), "{kind}"));
}

/// A call outside of a sub-select would run once for every row, and one of a function that resolves names by the caller's
/// search_path could be bent.
#[test]
fn policies_call_functions_of_ours_alone_and_once_a_statement() {
    let calls = "
        select distinct n.nspname || '.' || p.proname
        from pg_policy as y
        join pg_depend as d on d.classid = 'pg_policy'::regclass and d.objid = y.oid
        join pg_proc as p on d.refclassid = 'pg_proc'::regclass and d.refobjid = p.oid
        join pg_namespace as n on n.oid = p.pronamespace
        where y.polrelid <> 'public.profiles'::regclass
        order by 1";
    let expected = [
        "vital_private.administered_tenants",
        "vital_private.caller_id",
        "vital_private.is_author",
        "vital_private.is_platform_admin",
        "vital_private.member_tenants",
        "vital_private.platform_admin_tenants",
        "vital_private.readable_tenants",
        "vital_private.writable_tenants",
    ];
    // Only a row that names another author asks who wrote the one that is there.
    let bare = "
        select policyname::text
        from pg_policies
        where schemaname = 'public' and tablename <> 'profiles'
          and regexp_replace(concat(qual, with_check), '\\( ?SELECT vital_private\\.|OR vital_private\\.is_author\\(id', '', 'g') ~ 'vital_private'";
    both(|client, kind| {
        assert_eq!(lines(client, calls), expected, "{kind}");
        assert_eq!(lines(client, bare), Vec::<String>::new(), "{kind}");
    });
}

#[test]
fn triggers_are_all_there_and_enabled() {
    let sql = "
        select concat_ws(' ', t.tgrelid::regclass, t.tgname, t.tgenabled)
        from pg_trigger as t
        where not t.tgisinternal and t.tgrelid <> 'public.profiles'::regclass
        order by 1";
    let expected = [
        "agents agents_00_assert_current_rights O",
        "agents agents_05_settle_id O",
        "agents agents_10_guard O",
        "agents agents_15_keep_counters O",
        "agents agents_20_check_open_recipients_insert O",
        "agents agents_20_check_open_recipients_update O",
        "agents agents_20_check_recipients_insert O",
        "agents agents_20_check_recipients_update O",
        "agents agents_30_audit_delete O",
        "agents agents_30_audit_insert O",
        "agents agents_30_audit_truncate O",
        "agents agents_30_audit_update O",
        "resource_sharing_audit refuse_audit_change O",
        "tenants assert_current_rights_tenants O",
        "tenants audit_tenants O",
        "tenants audit_tenants_truncate O",
        "tenants guard_tenants O",
        "tenants keep_audited_tenants O",
        "tenants keep_audited_tenants_truncate O",
        "tenants stamp_tenants_status O",
        "tenants update_tenants_updated_at O",
        "user_roles audit_user_roles O",
        "user_roles audit_user_roles_truncate O",
        "user_tenants audit_user_tenants O",
        "user_tenants audit_user_tenants_truncate O",
        "user_tenants update_user_tenants_updated_at O",
        "vital_private.admin_audit refuse_admin_audit_change O",
        "vital_private.sharing_sources refuse_audit_change O",
    ];
    both(|client, kind| {
        client.batch_execute("set search_path = public").unwrap();
        assert_eq!(lines(client, sql), expected, "{kind}");
    });
}

#[test]
fn no_foreign_key_of_ours_deletes_along() {
    let sql = "
        select concat_ws(' ', conname, confdeltype, convalidated)
        from pg_constraint
        where contype = 'f' and connamespace = 'public'::regnamespace
        order by 1";
    let expected = [
        "agents_tenant_id_fkey r t",
        "tenants_parent_tenant_id_fkey n t",
        "user_roles_tenant_id_fkey r t",
        "user_tenants_tenant_id_fkey r t",
    ];
    both(|client, kind| assert_eq!(lines(client, sql), expected, "{kind}"));
}

#[test]
fn every_constraint_is_validated() {
    let sql = "select conname::text from pg_constraint where not convalidated";
    both(|client, kind| assert_eq!(lines(client, sql), Vec::<String>::new(), "{kind}"));
}
