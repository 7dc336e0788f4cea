-- Whether users can be looked up in auth.users; no row if there is no such table.
-- Returns: has_email boolean, is_readable boolean, is_hidden boolean

select
    email.attnum is not null as has_email,
    pg_catalog.has_schema_privilege(n.oid, 'usage')
        and pg_catalog.has_column_privilege(c.oid, id.attnum, 'select')
        and coalesce(pg_catalog.has_column_privilege(c.oid, email.attnum, 'select'), true) as is_readable,
    pg_catalog.row_security_active(c.oid) as is_hidden
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_attribute as id on id.attrelid = c.oid and id.attname = 'id'
left join pg_catalog.pg_attribute as email on email.attrelid = c.oid and email.attname = 'email'
where n.nspname = 'auth'
  and c.relname = 'users'
  and c.relkind in ('r', 'p', 'v', 'm', 'f')
