-- The tables whose rows belong to tenants: the five of the tenancy, and every other one with a column tenant_id.
-- Returns: oid oid, name text, relname name, relowner oid, row_security boolean, is_ours boolean, readers text
--
-- readers names the API roles that hold any privilege on the table and may use its schema.

select
    c.oid,
    c.oid::regclass::text as name,
    c.relname,
    c.relowner,
    c.relrowsecurity as row_security,
    ours.oid is not null as is_ours,
    reached.readers
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
left join ({our_tables}) as ours (oid) on ours.oid = c.oid
left join pg_attribute as a
    on a.attrelid = c.oid
    and a.attname = 'tenant_id'
    and not a.attisdropped
cross join lateral (
    select string_agg(r.rolname, ', ' order by r.rolname) as readers
    from pg_roles as r
    where r.rolname in ('anon', 'authenticated')
      and has_schema_privilege(r.oid, n.oid, 'USAGE')
      and (
          has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE')
          or has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE')
      )
) as reached
where c.relkind in ('r', 'p')
  and (ours.oid is not null or a.attname is not null)
  and n.nspname not in ('pg_catalog', 'information_schema', 'vital_private', 'vital_retired', 'vital_archive')
  and n.nspname !~ '^pg_(toast|temp)'
