-- Describes what the tenancy stands on: roles and functions of the API, sizes, broken indexes; as a JSON object.
-- Looks names up in the catalogs: to_regclass fails for a schema that the role may not use.
with relations as (
    select c.oid, n.nspname || '.' || c.relname as name, c.relrowsecurity, n.nspname
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.relkind = 'r'
),
tenancy as (
    select r.oid, r.name, r.relrowsecurity
    from relations as r
    where r.name in ({qualified:tables:public})
)
select jsonb_build_object(
    'roles', (
        select jsonb_agg(jsonb_build_object(
            'name', w.name,
            'exists', r.oid is not null,
            'bypasses_rls', coalesce(r.rolsuper or r.rolbypassrls, false),
            'is_superuser', coalesce(r.rolsuper, false)
        ) order by w.name)
        from unnest(array['anon', 'authenticated', 'service_role']) as w (name)
        left join pg_catalog.pg_roles as r on r.rolname = w.name
    ),
    'functions', (
        select jsonb_agg(jsonb_build_object(
            'name', w.name,
            'exists', p.oid is not null,
            'returns', format_type(p.prorettype, null),
            'is_wanted_type', p.prorettype = w.returns,
            'is_volatile', p.provolatile = 'v',
            'is_executable', coalesce(
                (
                    select has_schema_privilege(r.oid, n.oid, 'usage') and has_function_privilege(r.oid, p.oid, 'execute')
                    from pg_catalog.pg_roles as r
                    where r.rolname = 'authenticated'
                ),
                false
            )
        ) order by w.name)
        from (
            values
                ('auth.uid()', 'uid', 'uuid'::regtype),
                ('auth.role()', 'role', 'text'::regtype),
                ('auth.jwt()', 'jwt', 'jsonb'::regtype)
        ) as w (name, proname, returns)
        left join pg_catalog.pg_namespace as n on n.nspname = 'auth'
        left join pg_catalog.pg_proc as p
            on p.pronamespace = n.oid
            and p.proname = w.proname
            and p.pronargs = 0
    ),
    'has_users', exists (select from relations as r where r.name = 'auth.users'),
    'history_bytes', (
        select pg_total_relation_size(r.oid)
        from relations as r
        where r.name = 'vital_private.refinery_schema_history'
    ),
    'archive_bytes', (
        select sum(pg_total_relation_size(r.oid))::int8
        from relations as r
        where r.nspname = 'vital_archive'
    ),
    'agents_bytes', (
        select pg_total_relation_size(t.oid)
        from tenancy as t
        where t.name = 'public.agents'
    ),
    'database_bytes', pg_database_size(current_database()),
    'invalid_indexes', (
        select coalesce(jsonb_agg(i.indexrelid::regclass::text order by i.indexrelid::regclass::text), '[]')
        from pg_catalog.pg_index as i
        join tenancy as t on t.oid = i.indrelid
        where not i.indisvalid
    ),
    'rls_off', (
        select coalesce(jsonb_agg(t.name order by t.name), '[]')
        from tenancy as t
        where not t.relrowsecurity
    )
)::text as json
