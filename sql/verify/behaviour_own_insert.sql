-- id: behaviour-own-insert
-- level: error
-- title: A member cannot create an agent, or it does not become their tenant's
-- explanation: A new agent takes its tenant and its author from the session and starts private.
-- fix: Restore the trigger agents_10_guard, the policies and the grants on agents.
-- causes: public.agents public.agents.* vital_private.* public.get_current_tenant_id* role*
-- actors: member
-- expects: success

with made as (
    insert into public.agents ({new_agent_columns}category)
    select {new_agent_columns}null
    from {new_agent}
    returning id
)
select set_config('vital.agent_made', (select m.id::text from made as m), true);

-- look

select
    'behaviour-own-insert' as check_id,
    'error' as level,
    'as member: insert into public.agents' as object,
    'private, of the own tenant, by the user' as expected,
    coalesce(format('%s, tenant %s, by %s', min(a.sharing_mode), min(a.tenant_id::text), min(a.created_by_user_id::text)), 'no row')
        as actual,
    null as explanation,
    null as fix
from public.agents as a
where a.id = nullif(current_setting('vital.agent_made', true), '')::uuid
having not coalesce(
    bool_and(
        a.tenant_id = current_setting('vital.tenant_home')::uuid
        and a.created_by_user_id = current_setting('vital.user_member')::uuid
        and a.sharing_mode = 'private'
        and not a.is_shared
    ),
    false
)
