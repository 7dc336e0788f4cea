-- id: foreign-tables
-- level: error
-- title: A foreign table with tenants' rows is open to API roles
-- explanation: Row security does not exist for foreign tables: whoever may select from it reads what the other server
--   gives, of every tenant.
-- fix: Take it from the API roles.

select
    'foreign-tables' as check_id,
    'error' as level,
    c.oid::regclass::text as object,
    'no privilege for API roles' as expected,
    'open to ' || reached.readers as actual,
    null as explanation,
    format(E'-- review: its readers lose it\nrevoke all on table %s from public, anon, authenticated;', c.oid::regclass) as fix
from pg_class as c
cross join lateral (
    select string_agg(r.rolname, ', ' order by r.rolname) as readers
    from pg_roles as r
    where r.rolname in ('anon', 'authenticated')
      and has_schema_privilege(r.oid, c.relnamespace, 'USAGE')
      and has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE')
) as reached
where c.relkind = 'f'
  and reached.readers is not null
  and exists (
      select
      from pg_attribute as a
      where a.attrelid = c.oid
        and a.attname = 'tenant_id'
        and not a.attisdropped
  )
