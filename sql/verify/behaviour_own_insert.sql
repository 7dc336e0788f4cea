-- id: behaviour-own-insert
-- level: error
-- title: A member cannot create an agent, or it does not become their tenant's
-- explanation: A new agent takes its tenant and its author from the session and starts private.
-- fix: Restore the trigger agents_10_guard, the policies and the grants on agents.
-- actors: member
-- expects: success

insert into public.agents (name) values ('vital verify probe, own insert');

-- look

select
    'behaviour-own-insert' as check_id,
    'error' as level,
    'as member: insert into public.agents (name)' as object,
    'private, of the own tenant, by the user' as expected,
    coalesce(format('%s, tenant %s, by %s', min(a.sharing_mode), min(a.tenant_id::text), min(a.created_by_user_id::text)), 'no row')
        as actual,
    null as explanation,
    null as fix
from public.agents as a
where a.name = 'vital verify probe, own insert'
having not coalesce(
    bool_and(
        a.tenant_id = current_setting('vital.tenant_home')::uuid
        and a.created_by_user_id = current_setting('vital.user_member')::uuid
        and a.sharing_mode = 'private'
        and not a.is_shared
    ),
    false
)
