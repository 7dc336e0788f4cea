-- Takes back the policies on public.agents, the tenant context, and the audit of sharing.
--
-- Archives: public.resource_sharing_audit, vital_private.sharing_sources
-- Removes: tables public.resource_sharing_audit and vital_private.sharing_sources; 3 public functions; 4 policies and 12 triggers on agents, 2 triggers on tenants
-- Keeps: row-level security on agents, and the privileges that migration 3 gave, so that agents are closed to users of the API until somebody writes a policy; replaced policies come back with --restore-policies only
-- Locks: share row exclusive on public.agents while the audit is copied, which blocks writers; then access exclusive for milliseconds

set local client_min_messages = warning;

lock table public.agents in share row exclusive mode;
lock table public.resource_sharing_audit in share row exclusive mode;

select vital_archive.keep(20251026000003, 'public.resource_sharing_audit');
select vital_archive.keep(20251026000003, 'vital_private.sharing_sources');

drop policy if exists agents_select_with_sharing on public.agents;
drop policy if exists agents_insert_own_tenant on public.agents;
drop policy if exists agents_update_own_tenant on public.agents;
drop policy if exists agents_delete_own_tenant on public.agents;

drop trigger if exists agents_00_assert_current_rights on public.agents;
drop trigger if exists agents_05_settle_id on public.agents;
drop trigger if exists agents_10_guard on public.agents;
drop trigger if exists agents_15_keep_counters on public.agents;
drop trigger if exists agents_20_check_open_recipients_insert on public.agents;
drop trigger if exists agents_20_check_open_recipients_update on public.agents;
drop trigger if exists agents_20_check_recipients_insert on public.agents;
drop trigger if exists agents_20_check_recipients_update on public.agents;
drop trigger if exists agents_30_audit_insert on public.agents;
drop trigger if exists agents_30_audit_update on public.agents;
drop trigger if exists agents_30_audit_delete on public.agents;
drop trigger if exists agents_30_audit_truncate on public.agents;

drop trigger if exists keep_audited_tenants on public.tenants;
drop trigger if exists keep_audited_tenants_truncate on public.tenants;

drop table public.resource_sharing_audit;
drop table if exists vital_private.sharing_sources;

drop function if exists vital_private.check_recipients();
drop function if exists vital_private.keep_counters();
drop function if exists vital_private.initial_count(regclass, name);
drop function if exists vital_private.guard_agent();
drop function if exists vital_private.is_author(uuid, uuid);
drop function if exists vital_private.settle_agent_id();
drop function if exists vital_private.audit_agent();
drop function if exists
    vital_private.audit_sharing(uuid, text, text, uuid, uuid, varchar, varchar, uuid[], uuid[]);
drop function if exists vital_private.keep_audited_tenant();
drop function if exists vital_private.refuse_audit_change();
drop function if exists public.can_access_resource(uuid, boolean, varchar, uuid[], uuid);
drop function if exists public.get_current_tenant_id();
drop function if exists public.set_tenant_context(uuid);
drop function if exists vital_private.administered_tenants();
drop function if exists vital_private.writable_tenants();
drop function if exists vital_private.readable_tenants();
drop function if exists vital_private.requested_tenant(text);
