-- id: behaviour-global-sharing
-- level: error
-- title: A tenant's owner may share an agent with every tenant
-- explanation: Only a platform admin puts an agent before everybody.
-- fix: Restore the trigger agents_10_guard and its function.
-- causes: public.agents public.agents.* vital_private.* public.get_current_tenant_id* role*
-- actors: owner

with shared as (
    update public.agents
    set is_shared = true,
        sharing_mode = 'global'
    where id = current_setting('vital.agent_own_private')::uuid
    returning id
)
select
    'behaviour-global-sharing' as check_id,
    'error' as level,
    'as owner: share with every tenant' as object,
    'refused' as expected,
    'accepted' as actual,
    null as explanation,
    null as fix
from shared
