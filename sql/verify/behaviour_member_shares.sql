-- id: behaviour-member-shares
-- level: error
-- title: A member without authority may share an agent
-- explanation: Sharing with another tenant is an act of the tenant's owner or admin.
-- fix: Restore the trigger agents_10_guard and its function.
-- causes: public.agents public.agents.* vital_private.* public.get_current_tenant_id* role*
-- actors: member

with shared as (
    update public.agents
    set is_shared = true,
        sharing_mode = 'selective',
        shared_with = array[current_setting('vital.tenant_other')::uuid]
    where id = current_setting('vital.agent_own_private')::uuid
    returning id
)
select
    'behaviour-member-shares' as check_id,
    'error' as level,
    'as member: share with another tenant' as object,
    'refused' as expected,
    'accepted' as actual,
    null as explanation,
    null as fix
from shared
