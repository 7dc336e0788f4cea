-- id: behaviour-foreign-delete
-- level: error
-- title: A user may delete an agent that is not their tenant's
-- explanation: What is shared with a tenant it may read, never delete; a guest deletes nothing.
-- fix: Restore the policy agents_delete_own_tenant and the functions that it calls.
-- causes: public.agents public.agents.* vital_private.* public.get_current_tenant_id* role*
-- actors: owner guest stranger

with gone as (
    delete from public.agents
    where id in (
        current_setting('vital.agent_global')::uuid,
        current_setting('vital.agent_foreign_private')::uuid,
        current_setting('vital.agent_foreign_shared')::uuid
    )
       or (id = current_setting('vital.agent_own_private')::uuid and current_setting('vital.actor') = 'guest')
    returning id
)
select
    'behaviour-foreign-delete' as check_id,
    'error' as level,
    format('as %s: delete from public.agents', current_setting('vital.actor')) as object,
    'no row' as expected,
    format('%s rows', count(*)) as actual,
    null as explanation,
    null as fix
from gone
having count(*) > 0
