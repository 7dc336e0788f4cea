-- id: behaviour-foreign-update
-- level: error
-- title: A user may change an agent that is not their tenant's
-- explanation: What is shared with a tenant it may read, never change; a guest changes nothing.
-- fix: Restore the policy agents_update_own_tenant and the functions that it calls.
-- causes: public.agents public.agents.* vital_private.* public.get_current_tenant_id* role*
-- actors: owner guest stranger

with changed as (
    update public.agents
    set category = 'probed'
    where id in (
        current_setting('vital.agent_global')::uuid,
        current_setting('vital.agent_foreign_private')::uuid,
        current_setting('vital.agent_foreign_shared')::uuid
    )
       or (id = current_setting('vital.agent_own_private')::uuid and current_setting('vital.actor') = 'guest')
    returning id
)
select
    'behaviour-foreign-update' as check_id,
    'error' as level,
    format('as %s: update public.agents', current_setting('vital.actor')) as object,
    'no row' as expected,
    format('%s rows', count(*)) as actual,
    null as explanation,
    null as fix
from changed
having count(*) > 0
