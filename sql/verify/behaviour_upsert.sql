-- id: behaviour-upsert
-- level: error
-- title: The id of a hidden agent is told to a user who names it
-- explanation: A user may name the id of a new agent. If it is the id of an agent that they do not see, another one takes its
--   place; a conflict would tell that it exists, and an upsert would be refused.
-- fix: Restore the trigger agents_05_settle_id and its function.
-- causes: public.agents public.agents.* vital_private.* public.get_current_tenant_id* role*
-- actors: member

with named as (
    insert into public.agents ({new_agent_columns}id)
    select {new_agent_columns}current_setting('vital.agent_foreign_private')::uuid
    from {new_agent}
    on conflict (id) do nothing
    returning id
)
select
    'behaviour-upsert' as check_id,
    'error' as level,
    'as member: insert into public.agents (id)' as object,
    'a new agent with another id' as expected,
    'a conflict with a hidden agent' as actual,
    null as explanation,
    null as fix
where not exists (select from named)
