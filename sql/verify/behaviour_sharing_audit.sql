-- id: behaviour-sharing-audit
-- level: error
-- title: A change of sharing leaves no row in the audit
-- explanation: Every change of who an agent is shared with, by any path, is written down.
-- fix: Restore and enable the triggers agents_30_audit_*.
-- causes: public.agents public.agents.* vital_private.* public.get_current_tenant_id* role*
--   public.resource_sharing_audit public.resource_sharing_audit.*
-- actors: owner
-- expects: success

update public.agents
set is_shared = true,
    sharing_mode = 'selective',
    shared_with = array[current_setting('vital.tenant_other')::uuid]
where id = current_setting('vital.agent_own_private')::uuid;

-- look

select
    'behaviour-sharing-audit' as check_id,
    'error' as level,
    'as owner: share with another tenant' as object,
    'a row that names the user and the agent' as expected,
    'none' as actual,
    null as explanation,
    null as fix
where not exists (
    select
    from public.resource_sharing_audit as a
    where a.owner_tenant_id = current_setting('vital.tenant_home')::uuid
      and a.resource_id = current_setting('vital.agent_own_private')::uuid
      and a.performed_by_user_id = current_setting('vital.user_owner')::uuid
      and a.new_sharing_mode = 'selective'
)
