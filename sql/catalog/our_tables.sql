-- The tables that the migrations promise in schema public, and whatever they keep in vital_private, where the runner's
-- history is, too.
-- Returns: oid

select c.oid
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p')
  and (
      (
          n.nspname = 'public'
          and c.relname in ({names:tables:public})
      )
      or (n.nspname = 'vital_private' and c.relname <> 'refinery_schema_history')
  )
