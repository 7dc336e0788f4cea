-- id: behaviour-foreign-author
-- level: error
-- title: A user may create an agent in somebody else's name
-- explanation: The author of an agent tells whom to hold to account for it.
-- fix: Restore the policy agents_insert_own_tenant.
-- actors: member

with planted as (
    insert into public.agents (name, created_by_user_id)
    values ('vital verify probe, planted', current_setting('vital.user_owner')::uuid)
)
select
    'behaviour-foreign-author' as check_id,
    'error' as level,
    'as member: created_by_user_id of another' as object,
    'refused' as expected,
    'accepted' as actual,
    null as explanation,
    null as fix
