-- id: behaviour-foreign-author
-- level: error
-- title: A user may create an agent in somebody else's name
-- explanation: The author of an agent tells whom to hold to account for it.
-- fix: Restore the policy agents_insert_own_tenant.
-- causes: public.agents public.agents.* vital_private.* public.get_current_tenant_id* role*
-- actors: member

with planted as (
    insert into public.agents ({new_agent_columns}created_by_user_id)
    select {new_agent_columns}current_setting('vital.user_owner')::uuid
    from {new_agent}
)
select
    'behaviour-foreign-author' as check_id,
    'error' as level,
    'as member: created_by_user_id of another' as object,
    'refused' as expected,
    'accepted' as actual,
    null as explanation,
    null as fix
