-- Takes back tenants, memberships, roles, and the record of their changes.
--
-- Archives: public.tenants, public.user_tenants, public.user_roles, vital_private.admin_audit, vital_private.replaced_policies, vital_private.adopted_objects, vital_private.seeded_tenants
-- Removes: the tables of tenants, members, roles, their changes and replaced policies, with their indexes, policies and triggers; 6 public functions; everything else in vital_private but the migration history
-- Keeps: schema vital_private with the history; in vital_retired, functions of an earlier form that something still uses
-- Locks: access exclusive on the tables while they are copied; public.agents is not touched

set local client_min_messages = warning;

lock table
    public.tenants,
    public.user_tenants,
    public.user_roles,
    vital_private.admin_audit,
    vital_private.replaced_policies,
    vital_private.adopted_objects,
    vital_private.seeded_tenants
in access exclusive mode;

select vital_archive.keep(20251026000001, 'public.tenants');
select vital_archive.keep(20251026000001, 'public.user_tenants');
select vital_archive.keep(20251026000001, 'public.user_roles');
select vital_archive.keep(20251026000001, 'vital_private.admin_audit');
select vital_archive.keep(20251026000001, 'vital_private.replaced_policies');
select vital_archive.keep(20251026000001, 'vital_private.adopted_objects');
select vital_archive.keep(20251026000001, 'vital_private.seeded_tenants');

drop function if exists public.get_tenant_by_domain(varchar);
drop function if exists public.get_tenant_by_slug(varchar);
drop function if exists public.get_user_tenants(uuid);
drop function if exists public.has_tenant_access(uuid, uuid);
drop function if exists public.is_platform_admin(uuid);

drop function if exists vital_private.is_gone(uuid);
drop function if exists vital_private.audited_tenant(public.tenants, public.tenants);

drop table
    public.user_roles,
    public.user_tenants,
    public.tenants,
    vital_private.admin_audit,
    vital_private.replaced_policies,
    vital_private.adopted_objects,
    vital_private.seeded_tenants,
    vital_private.stand_ins;

drop function if exists public.get_super_admin_tenant_id();
drop function if exists vital_private.audit_admin();
drop function if exists vital_private.brief(jsonb);
drop function if exists vital_private.refuse_admin_audit_change();
drop function if exists vital_private.stamp_tenant_status();
drop function if exists vital_private.guard_tenant();
drop function if exists vital_private.moment(timestamptz, timestamptz);
drop function if exists vital_private.check_document(text, jsonb);
drop function if exists vital_private.touch_updated_at();
drop function if exists vital_private.assert_current_rights();
drop function if exists vital_private.member_tenants(varchar[]);
drop function if exists vital_private.platform_admin_tenants();
drop function if exists vital_private.is_known_gone(uuid);
drop function if exists vital_private.is_platform_admin();
drop function if exists vital_private.has_account(uuid);
drop function if exists vital_private.author_id();
drop function if exists vital_private.caller_id();
drop function if exists vital_private.is_json(text);
drop function if exists vital_private.adopt(bigint);
drop function if exists vital_private.drop_retired_functions();
drop function if exists vital_private.retire_functions(name[]);
drop function if exists vital_private.replace_policies(regclass[], name[]);

select vital_private.close(array['schema vital_private']);
drop function vital_private.close(text[]);

do $$
begin
    if not exists (
        select
        from pg_catalog.pg_depend as d
        where d.refclassid = 'pg_catalog.pg_namespace'::regclass
          and d.refobjid = to_regnamespace('vital_retired')
    ) then
        drop schema if exists vital_retired;
    end if;
end
$$;
