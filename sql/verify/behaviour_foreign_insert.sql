-- id: behaviour-foreign-insert
-- level: error
-- title: A user may create an agent in another tenant
-- explanation: An agent that somebody else planted is read and trusted as the tenant's own.
-- fix: Restore the policy agents_insert_own_tenant and the trigger agents_10_guard.
-- causes: public.agents public.agents.* vital_private.* public.get_current_tenant_id* role*
-- actors: member stranger removed

with planted as (
    insert into public.agents ({new_agent_columns}tenant_id)
    select {new_agent_columns}current_setting('vital.tenant_other')::uuid
    from {new_agent}
)
select
    'behaviour-foreign-insert' as check_id,
    'error' as level,
    format('as %s: insert into public.agents', current_setting('vital.actor')) as object,
    'refused' as expected,
    'accepted' as actual,
    null as explanation,
    null as fix
