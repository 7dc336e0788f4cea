-- Collects, as one JSON object, what must be so before a migration may run. Reads catalogs only.
--
-- A policy's fingerprint is the one that vital_private.replace_policies computes. Runs with search_path pg_catalog,
-- pg_temp, so that names in policy expressions are shown with their schema.
select jsonb_build_object(
    'server_version', current_setting('server_version'),
    'server_version_num', current_setting('server_version_num')::int,
    'database', current_database(),
    'in_recovery', pg_is_in_recovery(),
    'read_only', current_setting('default_transaction_read_only') = 'on',
    'role', current_user,
    'may_create_schema', has_database_privilege(current_database(), 'create') or (
        select count(*) = 2
        from pg_namespace
        where nspname in ('vital_private', 'vital_retired')
    ),
    'may_create_in_public', coalesce((
        select has_schema_privilege(oid, 'create')
        from pg_namespace
        where nspname = 'public'
    ), false),
    'may_create_in_private', (
        select has_schema_privilege(oid, 'create')
        from pg_namespace
        where nspname = 'vital_private'
    ),
    'relations', (
        select coalesce(jsonb_agg(jsonb_build_object(
            'name', c.relname,
            'kind', case c.relkind
                when 'r' then 'table'
                when 'p' then 'partitioned table'
                when 'v' then 'view'
                when 'm' then 'materialized view'
                when 'f' then 'foreign table'
                when 'S' then 'sequence'
                when 'c' then 'composite type'
                else 'index'
            end,
            'owner', pg_get_userbyid(c.relowner),
            'owned', pg_has_role(c.relowner, 'usage'),
            'estimate', case
                when c.reltuples >= 0 then c.reltuples::int8
                when c.relkind = 'r' then coalesce(pg_relation_size(c.oid), 0) / 234
                else 0
            end
        ) order by c.relname), '[]')
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public'
            and c.relname in ({names:tables:public})
    ),
    'agents_columns', (
        select coalesce(jsonb_object_agg(a.attname, format_type(a.atttypid, null)), '{}')
        from pg_attribute a
        join pg_class c on c.oid = a.attrelid
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public'
            and c.relname = 'agents'
            and a.attnum > 0
            and not a.attisdropped
    ),
    'missing_roles', (
        select coalesce(jsonb_agg(wanted order by wanted), '[]')
        from unnest(array['anon', 'authenticated', 'service_role']) wanted
        where not exists (select from pg_roles where rolname = wanted)
    ),
    'has_auth_uid', exists (
        select
        from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'auth'
            and p.proname = 'uid'
            and p.pronargs = 0
    ),
    'may_use_auth', coalesce((
        select bool_and(
            has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute')
        )
        from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'auth'
            and p.proname = 'uid'
            and p.pronargs = 0
    ), true),
    -- Whoever made such a function before is not the earlier form of the tenancy.
    'foreign_functions', (
        select coalesce(jsonb_agg(p.oid::regprocedure || ' of ' || pg_get_userbyid(p.proowner) order by p.oid), '[]')
        from pg_proc p
        join pg_namespace n on n.oid = p.pronamespace
        join pg_roles r on r.oid = p.proowner
        where n.nspname = 'public'
            and p.proname in (
                'is_platform_admin',
                'has_tenant_access',
                'get_user_tenants',
                'get_user_tenant_ids',
                'get_super_admin_tenant_id',
                'get_tenant_by_slug',
                'get_tenant_by_domain',
                'set_tenant_context',
                'get_current_tenant_id',
                'can_access_resource',
                'grant_platform_admin',
                'assign_user_to_dh_startup'
            )
            and not r.rolsuper
            and not pg_has_role(p.proowner, 'usage')
            and p.proowner is distinct from (
                select c.relowner
                from pg_class c
                where c.relname = 'agents'
                    and c.relnamespace = n.oid
            )
    ),
    'creators_in_public', (
        select string_agg(case a.grantee when 0 then 'everybody' else pg_get_userbyid(a.grantee) end, ', ' order by a.grantee)
        from pg_namespace n
        cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) a
        where n.nspname = 'public'
            and a.privilege_type = 'CREATE'
            and (
                a.grantee = 0
                or a.grantee in (select oid from pg_roles where rolname in ('anon', 'authenticated'))
            )
    ),
    'owns_public', coalesce((
        select pg_has_role(n.nspowner, 'usage')
        from pg_namespace n
        where n.nspname = 'public'
    ), false),
    'policies', (
        select coalesce(jsonb_agg(jsonb_build_object(
            'table', c.oid::regclass::text,
            'name', p.polname,
            'permissive', p.polpermissive,
            'command', case p.polcmd
                when 'r' then 'select'
                when 'a' then 'insert'
                when 'w' then 'update'
                when 'd' then 'delete'
                else 'all'
            end,
            'roles', (
                select jsonb_agg(case when r.oid = 0 then 'public' else pg_get_userbyid(r.oid) end)
                from unnest(p.polroles) as r (oid)
            ),
            'using', pg_get_expr(p.polqual, p.polrelid),
            'with_check', pg_get_expr(p.polwithcheck, p.polrelid),
            'fingerprint',
            md5(concat_ws('|', p.polcmd, p.polpermissive, p.polroles::text, p.polqual::text, p.polwithcheck::text))
        ) order by c.relname, p.polname), '[]')
        from pg_policy p
        join pg_class c on c.oid = p.polrelid
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public'
            and c.relname in ({names:tables:public})
    ),
    'other_histories', (
        select coalesce(jsonb_agg(n.nspname || '.' || c.relname order by n.nspname, c.relname), '[]')
        from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where c.relkind = 'r'
            and (n.nspname, c.relname) in (
                ('public', 'refinery_schema_history'),
                ('public', 'flyway_schema_history'),
                ('public', '_sqlx_migrations'),
                ('public', 'schema_migrations'),
                ('public', '__diesel_schema_migrations'),
                ('supabase_migrations', 'schema_migrations')
            )
    )
)::text as json
