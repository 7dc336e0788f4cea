//! Privileges, to the letter, on databases whose default privileges would have opened everything.

use super::databases::{both, lines};

/// The privileges of everybody but the owner on our tables and sequences.
const TABLES: &str = "
    select format(
        '%s %s: %s',
        c.oid::regclass,
        case when acl.grantee = 0 then 'public' else acl.grantee::regrole::text end,
        string_agg(lower(acl.privilege_type), ' ' order by acl.privilege_type)
    )
    from pg_class as c, aclexplode(c.relacl) as acl
    where c.relnamespace in ('public'::regnamespace, 'vital_private'::regnamespace)
      and c.relname <> 'profiles'
      and acl.grantee <> c.relowner
    group by c.oid, acl.grantee
    order by 1";

#[test]
fn tables_are_open_exactly_as_far_as_needed() {
    let expected = [
        "agents authenticated: delete insert select update",
        "agents service_role: delete insert select update",
        "resource_sharing_audit authenticated: select",
        "resource_sharing_audit service_role: select",
        "tenants authenticated: delete insert select update",
        "tenants service_role: delete insert select update",
        "user_roles authenticated: select",
        "user_roles service_role: select",
        "user_tenants authenticated: select",
        "user_tenants service_role: select",
    ];
    both(|client, kind| {
        client.batch_execute("set search_path = public").unwrap();
        assert_eq!(lines(client, TABLES), expected, "{kind}");
    });
}

#[test]
fn columns_are_open_exactly_as_far_as_needed() {
    let sql = "
        select format('%s %s %s %s', c.oid::regclass, a.attname, acl.grantee::regrole, lower(acl.privilege_type))
        from pg_class as c
        join pg_attribute as a on a.attrelid = c.oid, aclexplode(a.attacl) as acl
        where c.relnamespace in ('public'::regnamespace, 'vital_private'::regnamespace)
        order by 1";
    both(|client, kind| {
        client.batch_execute("set search_path = public").unwrap();
        assert_eq!(lines(client, sql), Vec::<String>::new(), "{kind}");
    });
}

#[test]
fn api_roles_cannot_truncate_reference_trigger_or_maintain() {
    let sql = "
        select format('%s %s %s', role, c.oid::regclass, privilege)
        from unnest(array['anon', 'authenticated', 'service_role']) as role,
            unnest(
                array['truncate', 'references', 'trigger']
                || case when current_setting('server_version_num')::integer >= 170000 then array['maintain'] else '{}' end
            ) as privilege,
            unnest(array[
                'public.agents', 'public.tenants', 'public.user_tenants', 'public.user_roles',
                'public.resource_sharing_audit', 'vital_private.admin_audit', 'vital_private.replaced_policies',
                'vital_private.sharing_sources'
            ]::regclass[]) as c (oid)
        where has_table_privilege(role, c.oid, privilege)
           or (privilege = 'references' and has_any_column_privilege(role, c.oid, privilege))";
    both(|client, kind| assert_eq!(lines(client, sql), Vec::<String>::new(), "{kind}"));
}

#[test]
fn anon_holds_nothing() {
    let sql = "
        select format('%s %s', c.oid::regclass, privilege)
        from unnest(array[
                'public.agents', 'public.tenants', 'public.user_tenants', 'public.user_roles',
                'public.resource_sharing_audit', 'vital_private.admin_audit', 'vital_private.replaced_policies',
                'vital_private.sharing_sources'
            ]::regclass[]) as c (oid),
            unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as privilege
        where has_table_privilege('anon', c.oid, privilege)
           or (
                privilege in ('select', 'insert', 'update', 'references')
                and has_any_column_privilege('anon', c.oid, privilege)
            )
        union all
        select p.oid::regprocedure::text
        from pg_proc as p
        where p.pronamespace in ('public'::regnamespace, 'vital_private'::regnamespace)
          and has_function_privilege('anon', p.oid, 'execute')
        union all
        select n.nspname::text
        from pg_namespace as n
        where n.nspname in ('vital_private', 'vital_retired')
          and (
                has_schema_privilege('anon', n.oid, 'usage')
                or has_schema_privilege('anon', n.oid, 'create')
            )";
    both(|client, kind| assert_eq!(lines(client, sql), Vec::<String>::new(), "{kind}"));
}

#[test]
fn functions_are_executable_exactly_as_far_as_needed() {
    let sql = "
        select format(
            '%s: %s',
            p.oid::regprocedure,
            coalesce(
                (
                    select string_agg(
                        case when acl.grantee = 0 then 'public' else acl.grantee::regrole::text end,
                        ' ' order by acl.grantee::regrole::text
                    )
                    from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as acl
                    where acl.grantee <> p.proowner
                ),
                'nobody'
            )
        )
        from pg_proc as p
        where p.pronamespace in ('public'::regnamespace, 'vital_private'::regnamespace, 'vital_retired'::regnamespace)
        order by 1";
    let expected = [
        "public.assign_user_to_dh_startup(uuid,character varying): service_role",
        "public.can_access_resource(uuid,boolean,character varying,uuid[],uuid): authenticated service_role",
        "public.get_current_tenant_id(): authenticated service_role",
        "public.get_super_admin_tenant_id(): authenticated service_role",
        "public.get_tenant_by_domain(character varying): authenticated service_role",
        "public.get_tenant_by_slug(character varying): authenticated service_role",
        "public.get_user_tenants(uuid): authenticated service_role",
        "public.grant_platform_admin(uuid): service_role",
        "public.has_tenant_access(uuid,uuid): authenticated service_role",
        "public.is_platform_admin(uuid): authenticated service_role",
        "public.set_tenant_context(uuid): authenticated service_role",
        "vital_private.administered_tenants(): authenticated",
        "vital_private.adopt(bigint): nobody",
        "vital_private.assert_current_rights(): nobody",
        "vital_private.assign_member(uuid,uuid,character varying): nobody",
        "vital_private.audit_admin(): nobody",
        "vital_private.audit_agent(): nobody",
        "vital_private.audit_sharing(uuid,text,text,uuid,uuid,character varying,character varying,uuid[],uuid[]): nobody",
        "vital_private.audited_tenant(public.tenants,public.tenants): nobody",
        "vital_private.author_id(): authenticated service_role",
        "vital_private.brief(jsonb): nobody",
        "vital_private.caller_id(): authenticated service_role",
        "vital_private.change_members(uuid[],uuid[],character varying[],character varying[]): nobody",
        "vital_private.change_platform_admins(uuid[],boolean,uuid): nobody",
        "vital_private.check_document(text,jsonb): authenticated",
        "vital_private.check_recipients(): nobody",
        "vital_private.close(text[]): nobody",
        "vital_private.drop_retired_functions(): nobody",
        "vital_private.guard_agent(): nobody",
        "vital_private.guard_tenant(): nobody",
        "vital_private.has_account(uuid): service_role",
        "vital_private.initial_count(regclass,name): authenticated",
        "vital_private.is_author(uuid,uuid): authenticated",
        "vital_private.is_gone(uuid): authenticated service_role",
        "vital_private.is_json(text): authenticated service_role",
        "vital_private.is_known_gone(uuid): authenticated",
        "vital_private.is_platform_admin(): authenticated service_role",
        "vital_private.keep_audited_tenant(): nobody",
        "vital_private.keep_counters(): nobody",
        "vital_private.member_tenants(character varying[]): authenticated",
        "vital_private.moment(timestamp with time zone,timestamp with time zone): authenticated",
        "vital_private.own_path(): nobody",
        "vital_private.platform_admin_tenants(): authenticated",
        "vital_private.readable_tenants(): authenticated",
        "vital_private.refuse_admin_audit_change(): nobody",
        "vital_private.refuse_audit_change(): nobody",
        "vital_private.replace_policies(regclass[],name[]): nobody",
        "vital_private.requested_tenant(text): authenticated service_role",
        "vital_private.require_users(uuid[]): nobody",
        "vital_private.retire_functions(name[]): nobody",
        "vital_private.settle_agent_id(): nobody",
        "vital_private.stamp_tenant_status(): nobody",
        "vital_private.touch_updated_at(): nobody",
        "vital_private.writable_tenants(): authenticated",
    ];
    both(|client, kind| {
        client.batch_execute("set search_path = pg_catalog").unwrap();
        assert_eq!(lines(client, sql), expected, "{kind}");
    });
}

#[test]
fn schemas_are_open_exactly_as_far_as_needed() {
    let sql = "
        select format(
            '%s %s: %s',
            n.nspname,
            case when acl.grantee = 0 then 'public' else acl.grantee::regrole::text end,
            lower(acl.privilege_type)
        )
        from pg_namespace as n, aclexplode(n.nspacl) as acl
        where n.nspname like 'vital\\_%' and acl.grantee <> n.nspowner
        order by 1";
    let expected = [
        "vital_private authenticated: usage",
        "vital_private service_role: usage",
    ];
    both(|client, kind| assert_eq!(lines(client, sql), expected, "{kind}"));
}

#[test]
fn nothing_of_ours_can_be_granted_on() {
    let sql = "
        select c.oid::regclass || ' ' || acl.grantee::regrole
        from pg_class as c, aclexplode(c.relacl) as acl
        where c.relnamespace in ('public'::regnamespace, 'vital_private'::regnamespace)
          and acl.is_grantable and acl.grantee <> c.relowner
        union all
        select p.oid::regprocedure || ' ' || acl.grantee::regrole
        from pg_proc as p, aclexplode(p.proacl) as acl
        where p.pronamespace in ('public'::regnamespace, 'vital_private'::regnamespace)
          and acl.is_grantable and acl.grantee <> p.proowner";
    both(|client, kind| assert_eq!(lines(client, sql), Vec::<String>::new(), "{kind}"));
}

#[test]
fn replaced_policies_are_nobodys_to_read() {
    both(|client, kind| {
        for role in ["anon", "authenticated", "service_role"] {
            let mut transaction = client.transaction().unwrap();
            transaction
                .batch_execute(&format!("set local role {role}"))
                .unwrap();
            let result = transaction.batch_execute("select from vital_private.replaced_policies");
            let error = result.expect_err(kind);
            assert_eq!(
                error.code().map(postgres::error::SqlState::code),
                Some("42501"),
                "{kind}"
            );
        }
    });
}
