-- Lists functions of others whose text names tables or functions that would be removed; the server does not track that.
-- $1 text: json array of bare names
-- Returns: function text
select p.oid::regprocedure::text as function
from pg_catalog.pg_proc as p
join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
where n.nspname not in ('pg_catalog', 'information_schema', 'vital_private', 'vital_retired', 'vital_archive')
  and not exists (
      select
      from jsonb_array_elements_text($1::jsonb) as own (name)
      where n.nspname = 'public'
        and own.name = p.proname
  )
  and p.prosrc ~ (
      select '\m(' || string_agg(own.name, '|') || ')\M'
      from jsonb_array_elements_text($1::jsonb) as own (name)
  )
order by 1
