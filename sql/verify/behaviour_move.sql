-- id: behaviour-move
-- level: error
-- title: A user may move an agent to another tenant
-- explanation: Moving an agent takes it from its tenant, and plants it in another one.
-- fix: Restore the policy agents_update_own_tenant and the trigger agents_10_guard.
-- causes: public.agents public.agents.* vital_private.* public.get_current_tenant_id* role*
-- actors: owner

with moved as (
    update public.agents
    set tenant_id = current_setting('vital.tenant_other')::uuid
    where id = current_setting('vital.agent_own_private')::uuid
    returning id
)
select
    'behaviour-move' as check_id,
    'error' as level,
    'as owner: update public.agents set tenant_id' as object,
    'refused' as expected,
    'accepted' as actual,
    null as explanation,
    null as fix
from moved
