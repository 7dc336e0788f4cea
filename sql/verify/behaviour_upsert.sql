-- id: behaviour-upsert
-- level: error
-- title: A user may choose the id of an agent, and so take over or find a hidden one
-- explanation: An upsert on the id of a hidden agent would change it, and "duplicate key" would tell that it exists.
-- fix: Restore the column grants that the check shape-column-grants shows.
-- causes: public.agents public.agents.* vital_private.* public.get_current_tenant_id* role*
-- actors: member

with taken as (
    insert into public.agents ({new_agent_columns}id)
    select {new_agent_columns}current_setting('vital.agent_foreign_private')::uuid
    from {new_agent}
    on conflict (id) do nothing
)
select
    'behaviour-upsert' as check_id,
    'error' as level,
    'as member: insert into public.agents (id)' as object,
    'refused' as expected,
    'accepted' as actual,
    null as explanation,
    null as fix
