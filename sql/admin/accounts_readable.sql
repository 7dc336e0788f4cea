-- Whether every column of auth.users can be read; no row if there is no such table.
-- Returns: is_readable boolean

select
    pg_catalog.has_schema_privilege(n.oid, 'usage')
        and pg_catalog.has_table_privilege(c.oid, 'select')
        and not pg_catalog.row_security_active(c.oid) as is_readable
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
where n.nspname = 'auth'
  and c.relname = 'users'
