-- Every way in which this test changes one object of the tenancy, made from the live catalog.
-- Returns: kind text, object text, statement text

with our_tables (oid, name) as (
    select c.oid, c.oid::regclass::text
    from pg_class as c
    where c.relkind = 'r'
      and (
          (
              c.relnamespace = 'public'::regnamespace
              and c.relname in ('tenants', 'user_tenants', 'user_roles', 'agents', 'resource_sharing_audit')
          )
          or (c.relnamespace = 'vital_private'::regnamespace and c.relname <> 'refinery_schema_history')
      )
),
our_columns as (
    select
        t.oid,
        t.name as table_name,
        quote_ident(a.attname) as name,
        a.attname,
        a.attnum,
        format_type(a.atttypid, a.atttypmod) as type,
        a.attnotnull,
        a.attidentity,
        d.adbin is not null as has_default
    from our_tables as t
    join pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef as d on d.adrelid = t.oid and d.adnum = a.attnum
    where t.name <> 'public.agents'
       or a.attname in (
           'tenant_id', 'is_shared', 'sharing_mode', 'shared_with', 'resource_type', 'tags', 'category', 'access_count',
           'last_accessed_at', 'created_by_user_id'
       )
),
our_constraints as (
    select
        t.name as table_name,
        quote_ident(k.conname) as name,
        k.contype,
        pg_get_constraintdef(k.oid) as definition,
        (
            select string_agg(quote_ident(a.attname), ', ' order by a.attnum)
            from pg_attribute as a
            where a.attrelid = k.conrelid
              and a.attnum = any (k.conkey)
        ) as columns
    from our_tables as t
    join pg_constraint as k on k.conrelid = t.oid and k.contype in ('c', 'f', 'p', 'u')
    where t.name <> 'public.agents'
       or k.conname ~ '^agents_(tenant_id_fkey|sharing_mode_check|resource_type_check|sharing_check)$'
),
our_indexes as (
    select
        t.name as table_name,
        i.indexrelid::regclass::text as name,
        c.relname,
        c.relnamespace::regnamespace::text as schema_name,
        i.indisunique
    from our_tables as t
    join pg_index as i on i.indrelid = t.oid
    join pg_class as c on c.oid = i.indexrelid
    where not exists (select from pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
      and (
          t.name <> 'public.agents'
          or c.relname in ('idx_agents_tenant_id', 'idx_agents_sharing', 'idx_agents_shared_with', 'idx_agents_created_at')
      )
),
our_functions as (
    select
        p.oid,
        p.oid::regprocedure::text as name,
        p.pronamespace::regnamespace || '.' || quote_ident(p.proname) as bare_name,
        pg_get_function_arguments(p.oid) as arguments,
        p.prosecdef,
        p.provolatile,
        p.proisstrict,
        p.prorettype = 'trigger'::regtype as is_trigger
    from pg_proc as p
    where p.pronamespace = 'vital_private'::regnamespace
       or (
           p.pronamespace = 'public'::regnamespace
           and p.proname in (
               'is_platform_admin', 'has_tenant_access', 'get_user_tenants', 'get_super_admin_tenant_id',
               'get_tenant_by_slug', 'get_tenant_by_domain', 'set_tenant_context', 'get_current_tenant_id',
               'can_access_resource', 'grant_platform_admin', 'assign_user_to_dh_startup'
           )
       )
),
our_policies as (
    select
        quote_ident(p.polname) as name,
        t.name as table_name,
        p.polqual is not null as reads,
        p.polwithcheck is not null as writes
    from our_tables as t
    join pg_policy as p on p.polrelid = t.oid
),
our_triggers as (
    select quote_ident(g.tgname) as name, t.name as table_name, pg_get_triggerdef(g.oid) as definition
    from our_tables as t
    join pg_trigger as g on g.tgrelid = t.oid and not g.tgisinternal
    where g.tgfoid in (select f.oid from our_functions as f)
)
select m.kind, m.object, m.statement
from (
    select 'constraint' as kind, table_name || '.' || name as object, format('alter table %s drop constraint %s cascade', table_name, name) as statement
    from our_constraints
    union all
    select 'constraint', table_name || '.' || name,
        format('alter table %1$s drop constraint %2$s; alter table %1$s add constraint %2$s check (true)', table_name, name)
    from our_constraints
    where contype = 'c'
    union all
    select 'constraint', table_name || '.' || name,
        format('alter table %1$s drop constraint %2$s; alter table %1$s add constraint %2$s %3$s not valid', table_name, name, definition)
    from our_constraints
    where contype in ('c', 'f')
    union all
    select 'constraint', table_name || '.' || name,
        format('alter table %1$s drop constraint %2$s; alter table %1$s add constraint %2$s %3$s', table_name, name,
            regexp_replace(definition, '( ON DELETE \w+( NULL)?)?$', ' ON DELETE CASCADE'))
    from our_constraints
    where contype = 'f'
    union all
    select 'constraint', table_name || '.' || name,
        format('alter table %1$s drop constraint %2$s cascade; create unique index %2$s on %1$s (%3$s)', table_name, name, columns)
    from our_constraints
    where contype in ('u', 'p')
    union all
    select 'constraint', table_name || '.' || name,
        format('alter table %1$s drop constraint %2$s cascade; create sequence %3$s.%2$s', table_name, name, split_part(table_name, '.', 1))
    from our_constraints
    where contype in ('u', 'p')
    union all
    select 'constraint', table_name || '.' || name, format('alter table %s rename constraint %s to renamed_%s', table_name, name, md5(name))
    from our_constraints
    union all
    select 'index', name, format('drop index %s', name)
    from our_indexes
    union all
    select 'index', name, format('drop index %s; create index %I on %s (id)', name, relname, table_name)
    from our_indexes
    union all
    select 'index', name, format('drop index %s; alter table %s add constraint %I unique (id)', name, table_name, relname)
    from our_indexes
    union all
    select 'index', name, format('drop index %s; create index %I on public.profiles (email)', name, relname)
    from our_indexes
    where schema_name = 'public'
    union all
    select 'index', name, format('drop index %s; create view %s as select 1 as one', name, name)
    from our_indexes
    union all
    select 'index', name, format('update pg_index set indisvalid = false where indexrelid = %L::regclass', name)
    from our_indexes
    union all
    select 'column', table_name || '.' || name, format('alter table %s alter column %s drop default', table_name, name)
    from our_columns
    where has_default
    union all
    select 'column', table_name || '.' || name,
        format('alter table %s alter column %s set default %s', table_name, name,
            case
                when type ~ '\[\]$|^json' then '''{}'''
                when type = 'uuid' then '''00000000-0000-0000-0000-000000000001'''
                when type = 'boolean' then 'true'
                when type ~ '^timestamp' then '''2020-01-01'''
                when type ~ '^(integer|bigint)$' then '7'
                when type = 'inet' then '''10.0.0.1'''
                else '''xx'''
            end)
    from our_columns
    where attidentity = ''
    union all
    select 'column', table_name || '.' || name, format('alter table %s alter column %s %s not null', table_name, name, case when attnotnull then 'drop' else 'set' end)
    from our_columns
    union all
    select 'column', c.table_name || '.' || c.name,
        format('alter table %1$s alter column %2$s drop default, alter column %2$s type %3$s using %4$s', c.table_name, c.name, n.type,
            format(n.conversion, c.name))
    from our_columns as c
    cross join lateral (
        values
            ('varchar', 'text', '%s'),
            ('varchar', 'varchar(40)', 'left(%s, 40)'),
            ('varchar', 'varchar(700)', '%s'),
            ('text[]', 'jsonb', 'to_jsonb(%s)'),
            ('text[]', 'varchar(20)[]', '%s'),
            ('uuid[]', 'text[]', '%s::text[]'),
            ('uuid', 'text', '%s::text'),
            ('uuid', 'varchar(36)', '%s::varchar(36)'),
            ('integer', 'bigint', '%s'),
            ('integer', 'text', '%s::text'),
            ('bigint', 'integer', '%s'),
            ('timestamptz', 'timestamp', '%s'),
            ('timestamptz', 'text', '%s::text'),
            ('timestamptz', 'date', '%s::date'),
            ('jsonb', 'json', '%s::json'),
            ('jsonb', 'text', '%s::text'),
            ('boolean', 'text', '%s::text'),
            ('boolean', 'integer', '%s::integer'),
            ('inet', 'text', '%s::text'),
            ('inet', 'cidr', '%s::cidr')
    ) as n (was, type, conversion)
    where n.was = case
        when c.type ~ '^character varying' then 'varchar'
        when c.type = 'timestamp with time zone' then 'timestamptz'
        else c.type
    end
    union all
    select 'column', table_name || '.' || name, format('alter table %s alter column %s drop identity', table_name, name)
    from our_columns
    where attidentity <> ''
    union all
    select 'column', table_name || '.' || name, format('alter table %s alter column %s set generated by default', table_name, name)
    from our_columns
    where attidentity <> ''
    union all
    select 'function', name, format('drop function %s cascade', name)
    from our_functions
    union all
    select 'function', name, format('alter function %s %s', name, case when provolatile = 'v' then 'stable' else 'volatile' end)
    from our_functions
    union all
    select 'function', name, format('alter function %s parallel restricted', name)
    from our_functions
    union all
    select 'function', name, format('alter function %s security %s', name, case when prosecdef then 'invoker' else 'definer' end)
    from our_functions
    union all
    select 'function', name, format('alter function %s reset search_path', name)
    from our_functions
    union all
    select 'function', name, format('alter function %s set search_path = public', name)
    from our_functions
    union all
    select 'function', name, format('alter function %s set work_mem = ''64MB''', name)
    from our_functions
    union all
    select 'function', name, format('alter function %s strict', name)
    from our_functions
    where not proisstrict
    union all
    select 'function', name, format('alter function %s leakproof', name)
    from our_functions
    union all
    select 'function', name, format('update pg_proc set prosrc = prosrc || '' -- changed'' where oid = %L::regprocedure', name)
    from our_functions
    union all
    select 'function', name, format('alter function %s owner to supabase_auth_admin', name)
    from our_functions
    union all
    select 'function', name, format('alter function %s rename to renamed_%s', name, md5(name))
    from our_functions
    union all
    select 'function', name,
        format('drop function %1$s cascade; create function %2$s(%3$s) returns integer language sql as ''select 1''', name, bare_name, arguments)
    from our_functions
    where not is_trigger
    union all
    select 'function', name, format('create function %s(p_overload money) returns integer language sql as ''select 1''', bare_name)
    from our_functions
    where bare_name ~ '^public'
    union all
    select 'function', name, format('drop function %s cascade; create procedure %s(%s) language sql as ''select 1''', name, bare_name, arguments)
    from our_functions
    where not is_trigger
      and bare_name ~ '^public'
    union all
    select 'policy', table_name || '.' || name, format('drop policy %s on %s', name, table_name)
    from our_policies
    union all
    select 'policy', table_name || '.' || name, format('alter policy %s on %s to authenticated, anon', name, table_name)
    from our_policies
    union all
    select 'policy', table_name || '.' || name, format('alter policy %s on %s using (true)', name, table_name)
    from our_policies
    where reads
    union all
    select 'policy', table_name || '.' || name, format('alter policy %s on %s with check (true)', name, table_name)
    from our_policies
    where writes
    union all
    select 'policy', table_name || '.' || name, format('alter policy %s on %s rename to renamed_%s', name, table_name, md5(name))
    from our_policies
    union all
    select 'policy', table_name || '.' || name,
        format('drop policy %1$s on %2$s; create policy %1$s on %2$s as restrictive for all to authenticated using (true)', name, table_name)
    from our_policies
    union all
    select 'trigger', table_name || '.' || name, format('drop trigger %s on %s', name, table_name)
    from our_triggers
    union all
    select 'trigger', table_name || '.' || name, format('alter table %s disable trigger %s', table_name, name)
    from our_triggers
    union all
    select 'trigger', table_name || '.' || name, format('alter table %s enable replica trigger %s', table_name, name)
    from our_triggers
    union all
    select 'trigger', table_name || '.' || name, format('alter trigger %s on %s rename to renamed_%s', name, table_name, md5(name))
    from our_triggers
    union all
    select 'trigger', table_name || '.' || name,
        format('drop trigger %s on %s; %s', name, table_name,
            regexp_replace(regexp_replace(definition, ' WHEN \(.*\) EXECUTE ', ' EXECUTE '), ' EXECUTE ', ' WHEN (false) EXECUTE '))
    from our_triggers
    where definition ~ ' FOR EACH ROW '
    union all
    select 'trigger', table_name || '.' || name,
        format('drop trigger %s on %s; %s', name, table_name, definition)
    from our_triggers
    where definition ~ ' WHEN '
    union all
    select 'grant', t.name, format('%s %s on table %s %s %s', g.verb, p.privilege, t.name, case g.verb when 'grant' then 'to' else 'from' end, r.role)
    from our_tables as t
    cross join unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger']) as p (privilege)
    cross join unnest(array['authenticated', 'service_role', 'anon', 'public']) as r (role)
    cross join lateral (
        select case
            when r.role = 'public' then 'grant'
            when has_table_privilege(r.role, t.oid, p.privilege) then 'revoke'
            else 'grant'
        end as verb
    ) as g
    union all
    select 'grant', t.name, format('grant select on table %s to authenticated with grant option', t.name)
    from our_tables as t
    union all
    select 'grant', c.table_name || '.' || c.name, format('grant %s (%s) on table %s to %s', p.privilege, c.name, c.table_name, r.role)
    from our_columns as c
    cross join (values ('insert'), ('update')) as p (privilege)
    cross join (values ('authenticated'), ('service_role'), ('anon')) as r (role)
    where not has_table_privilege(r.role, c.oid, p.privilege)
      and not has_column_privilege(r.role, c.oid, c.attnum, p.privilege)
    union all
    select 'grant', c.table_name || '.' || c.name, format('revoke insert (%s) on table %s from authenticated', c.name, c.table_name)
    from our_columns as c
    where not has_table_privilege('authenticated', c.oid, 'insert')
      and has_column_privilege('authenticated', c.oid, c.attnum, 'insert')
    union all
    select 'grant', f.name, format('%s execute on function %s %s %s', g.verb, f.name, case g.verb when 'grant' then 'to' else 'from' end, r.role)
    from our_functions as f
    cross join unnest(array['authenticated', 'service_role', 'anon', 'public']) as r (role)
    cross join lateral (
        select case when r.role <> 'public' and has_function_privilege(r.role, f.oid, 'execute') then 'revoke' else 'grant' end as verb
    ) as g
    union all
    select 'grant', n.name, format('%s %s on schema %s %s %s', g.verb, p.privilege, n.name, case g.verb when 'grant' then 'to' else 'from' end, r.role)
    from (values ('vital_private'), ('vital_retired')) as n (name)
    cross join (values ('usage'), ('create')) as p (privilege)
    cross join unnest(array['authenticated', 'service_role', 'anon', 'public']) as r (role)
    cross join lateral (
        select case when r.role <> 'public' and has_schema_privilege(r.role, n.name, p.privilege) then 'revoke' else 'grant' end as verb
    ) as g
    union all
    select 'comment', c.object, format('comment on %s is %s', c.object, v.text)
    from (
        select 'table ' || t.name as object
        from our_tables as t
        where obj_description(t.oid, 'pg_class') is not null
        union all
        select format('column %s.%s', c.table_name, c.name)
        from our_columns as c
        where col_description(c.oid, c.attnum) is not null
        union all
        select 'function ' || f.name
        from our_functions as f
        where obj_description(f.oid, 'pg_proc') is not null
        union all
        select format('policy %s on %s', p.name, p.table_name)
        from our_policies as p
        join pg_policy as o on quote_ident(o.polname) = p.name and o.polrelid::regclass::text = p.table_name
        where obj_description(o.oid, 'pg_policy') is not null
        union all
        select 'schema ' || n.nspname
        from pg_namespace as n
        where n.nspname in ('vital_private', 'vital_retired')
    ) as c (object)
    cross join (values ('null'), ('''changed''')) as v (text)
    union all
    select 'table', t.name, format('alter table %s %s', t.name, a.action)
    from our_tables as t
    cross join (
        values ('disable row level security'), ('force row level security'), ('owner to supabase_auth_admin'), ('set unlogged')
    ) as a (action)
) as m
order by m.kind, m.object, m.statement
