-- The tables whose rows belong to tenants: the five of the tenancy, and every other one with a column that refers to tenants
-- or is called like one that does, as scope_columns.sql found them.
-- Returns: oid oid, name text, relname name, relowner oid, row_security boolean, is_ours boolean, tenant_column text,
--     readers text
--
-- readers names the API roles that hold any privilege on the table and may use its schema.

select
    c.oid,
    c.oid::regclass::text as name,
    c.relname,
    c.relowner,
    c.relrowsecurity as row_security,
    ours.oid is not null as is_ours,
    f.tenant_column,
    reached.readers
from jsonb_each_text((select current_setting('vital.scope')::jsonb)) as f (table_oid, tenant_column)
join pg_class as c on c.oid = f.table_oid::oid
left join ({our_tables}) as ours (oid) on ours.oid = c.oid
cross join lateral (
    select string_agg(r.rolname, ', ' order by r.rolname) as readers
    from pg_roles as r
    where r.rolname in ('anon', 'authenticated')
      and has_schema_privilege(r.oid, c.relnamespace, 'USAGE')
      and (
          has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE')
          or has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE')
      )
) as reached
