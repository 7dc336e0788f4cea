-- The indexes of the tenancy's tables without those of constraints; of agents, which was there before, the four that were
-- added.
-- Returns: object text, facts jsonb

select
    i.indexrelid::regclass::text as object,
    jsonb_build_object(
        'table', i.indrelid::regclass::text,
        'definition', pg_get_indexdef(i.indexrelid)
    ) as facts
from pg_index as i
join pg_class as c on c.oid = i.indexrelid
where i.indrelid in ({our_tables})
  and not exists (select from pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
  and (
      i.indrelid <> to_regclass('public.agents')
      or c.relname in ({names:indexes:public.agents})
  )
