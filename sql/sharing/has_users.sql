-- Whether there are accounts that this role can read.
-- Returns: bool

select coalesce(
    (
        select pg_catalog.has_schema_privilege(n.oid, 'usage')
            and pg_catalog.has_table_privilege(c.oid, 'select')
        from pg_catalog.pg_class as c
        join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = 'auth'
          and c.relname = 'users'
    ),
    false
)
