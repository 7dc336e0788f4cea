-- The constraints of the tenancy's tables; of agents, which was there before, the four that were added. Not-null
-- constraints, which PostgreSQL 18 names, are a matter of the columns.
-- Returns: object text, facts jsonb

select
    format('%s.%I', c.conrelid::regclass, c.conname) as object,
    jsonb_build_object(
        'table', c.conrelid::regclass::text,
        'definition', regexp_replace(pg_get_constraintdef(c.oid), ' NOT VALID$', ''),
        'validated', c.convalidated
    ) as facts
from pg_constraint as c
where c.conrelid in ({our_tables})
  and c.contype in ('c', 'f', 'p', 'u', 'x')
  and (
      c.conrelid <> to_regclass('public.agents')
      or c.conname in ({names:constraints:public.agents})
  )
