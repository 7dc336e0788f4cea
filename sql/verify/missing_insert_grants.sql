-- id: missing-insert-grants
-- level: warning
-- title: Users may not insert into a column of agents
-- explanation: Signed-in users hold INSERT column by column, so that they choose no id. A column that was added since has
--   no such grant, and an insert that names it is refused.
-- fix: Grant it, unless users are not to fill the column.
-- requires: public.agents

select
    'missing-insert-grants' as check_id,
    'warning' as level,
    format('public.agents.%I', a.attname) as object,
    'insert for authenticated' as expected,
    'none' as actual,
    null as explanation,
    format(E'-- review: unless users are not to fill it\ngrant insert (%I) on table public.agents to authenticated;', a.attname) as fix
from pg_attribute as a
where a.attrelid = 'public.agents'::regclass
  and a.attnum > 0
  and not a.attisdropped
  and a.attgenerated = ''
  and a.attname <> 'id'
  and not (select current_setting('vital.promise')::jsonb) -> 'column_grants' ? format('public.agents.%I', a.attname)
  and not has_column_privilege('authenticated', a.attrelid, a.attnum, 'INSERT')
