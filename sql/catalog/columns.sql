-- The columns of the tenancy's tables; of agents, which was there before, the ten that were added.
-- Returns: object text, facts jsonb

select
    format('%s.%I', a.attrelid::regclass, a.attname) as object,
    jsonb_strip_nulls(jsonb_build_object(
        'table', a.attrelid::regclass::text,
        'type', format_type(a.atttypid, a.atttypmod),
        'not_null', a.attnotnull,
        'default', pg_get_expr(d.adbin, d.adrelid),
        'identity', nullif(a.attidentity::text, ''),
        'generated', nullif(a.attgenerated::text, '')
    )) as facts
from pg_attribute as a
left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid in ({our_tables})
  and a.attnum > 0
  and not a.attisdropped
  and (
      a.attrelid <> to_regclass('public.agents')
      or a.attname in ({names:columns:public.agents})
  )
