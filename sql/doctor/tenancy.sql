-- Describes what the tenancy stands on: roles and functions of the API, sizes, broken indexes; as a JSON object.
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
                has_schema_privilege('authenticated', n.oid, 'usage')
                    and has_function_privilege('authenticated', p.oid, 'execute'),
                false
            )
        ) order by w.name)
        from (
            values
                ('auth.uid()', 'uuid'::regtype),
                ('auth.role()', 'text'::regtype),
                ('auth.jwt()', 'jsonb'::regtype)
        ) as w (name, returns)
        left join pg_catalog.pg_proc as p
            on p.oid = to_regprocedure(w.name)
            and exists (select from pg_catalog.pg_roles as r where r.rolname = 'authenticated')
        left join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
    ),
    'has_users', to_regclass('auth.users') is not null,
    'history_bytes', pg_total_relation_size(to_regclass('vital_private.refinery_schema_history')),
    'archive_bytes', (
        select sum(pg_total_relation_size(c.oid))::int8
        from pg_catalog.pg_class as c
        where c.relnamespace = to_regnamespace('vital_archive')
          and c.relkind = 'r'
    ),
    'agents_bytes', pg_total_relation_size(to_regclass('public.agents')),
    'database_bytes', pg_database_size(current_database()),
    'invalid_indexes', (
        select coalesce(jsonb_agg(i.indexrelid::regclass::text order by i.indexrelid::regclass::text), '[]')
        from pg_catalog.pg_index as i
        where i.indrelid = to_regclass('public.agents')
          and not i.indisvalid
    ),
    'rls_off', (
        select coalesce(jsonb_agg(c.oid::regclass::text order by c.oid::regclass::text), '[]')
        from pg_catalog.pg_class as c
        where c.oid in (
            to_regclass('public.agents'),
            to_regclass('public.tenants'),
            to_regclass('public.user_tenants'),
            to_regclass('public.user_roles'),
            to_regclass('public.resource_sharing_audit')
        )
          and not c.relrowsecurity
    )
)::text as json
