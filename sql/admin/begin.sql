-- Says who runs the command, and which tables of the tenancy row security hides from a role that may read them: it would
-- take them for empty.
-- Parameters: $1 text, the operator
-- Returns: role text; hidden text, null if everything is seen

select
    current_user::text as role,
    pg_catalog.set_config('vital.operator', $1, true),
    (
        select string_agg(c.relname, ', ' order by c.relname)
        from pg_catalog.pg_class as c
        join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = 'public'
          and c.relname in ('tenants', 'user_tenants', 'user_roles')
          and c.relkind = 'r'
          and pg_catalog.has_table_privilege(c.oid, 'select')
          and pg_catalog.row_security_active(c.oid)
    ) as hidden
