-- id: behaviour-shared-change
-- level: error
-- title: A plain member may change or delete an agent that others read
-- explanation: What is shared is run by other tenants. Owners and admins of its tenant change it, and platform admins; a
--   member changes what is private to the tenant.
-- fix: Restore the policies agents_update_own_tenant and agents_delete_own_tenant and the functions that they call.
-- actors: member

with changed as (
    update public.agents
    set category = 'probed'
    where id = current_setting('vital.agent_own_shared')::uuid
    returning id
),
gone as (
    delete from public.agents
    where id = current_setting('vital.agent_own_shared')::uuid
    returning id
)
select
    'behaviour-shared-change' as check_id,
    'error' as level,
    'as member: ' || w.what || ' a shared agent' as object,
    'no row' as expected,
    'one row' as actual,
    null as explanation,
    null as fix
from (
    select 'update' as what
    from changed
    union all
    select 'delete'
    from gone
) as w
