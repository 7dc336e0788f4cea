-- id: behaviour-ordering
-- level: error
-- title: A user may date an agent into the future
-- explanation: Agents are listed by their dates, and an agent of the year 2999 heads the list of everybody who may read it.
-- fix: Restore the trigger agents_15_keep_counters and its function.
-- actors: member

with dated as (
    insert into public.agents ({new_agent_columns}created_at)
    select {new_agent_columns}now() + interval '100 years'
    from {new_agent}
    returning created_at
)
select
    'behaviour-ordering' as check_id,
    'error' as level,
    'as member: insert into public.agents (created_at)' as object,
    'now' as expected,
    d.created_at::text as actual,
    null as explanation,
    null as fix
from dated as d
where d.created_at > now() + interval '1 day'
