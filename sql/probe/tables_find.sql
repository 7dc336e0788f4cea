-- Finds the tables besides the tenancy's whose rows belong to somebody, and what a user could move their answers by, and
-- lists in vital.requests the rows that acting on them needs. Writes vital.tables, vital.own_rows and vital.levers.
--
-- A table counts if API roles may read or write it and row security is all that keeps rows apart: it has a column that refers to
-- tenants, is called like one that does, or holds the ids of tenants.
--
-- Locks: access share on the tables.

do $$
declare
    v_home constant text := current_setting('vital.tenant_home');
    v_other constant text := current_setting('vital.tenant_other');
    -- What refers to a tenant, and to a person, by its name.
    v_tenant_name constant text :=
        '^((\w+_)?(tenant|organi[sz]ation|org|company|workspace|account|customer|client|team)_?(id|uuid|key)'
        '|(tenant|organi[sz]ation|org|company|workspace))$';
    v_person_name constant text := '^(user|profile|member|owner|auth_user|account_user|created_by)(_id|_uuid)?$';
    v_own_text constant text :=
        '^\(\w+ = ANY \(\(\s*SELECT vital_private\.(readable|writable)_tenants\(\) AS \w+\)::uuid\[\]\)\)$';
    v_table record;
    v_rows jsonb;
    v_column text;
    v_tables jsonb := '[]';
    v_own jsonb := '[]';
    v_requests jsonb := '[]';
    v_open text;
    v_levers jsonb;
    -- The first table of each set of policies: what moves one, moves all that differ in their name only.
    v_first jsonb := '{}';
    v_signature text;
begin
    for v_table in
        select
            c.oid,
            c.oid::regclass::text as name,
            c.relkind,
            c.relrowsecurity as is_secured,
            best.attname as column_name,
            best.type_name,
            coalesce(best.target, 'public.tenants') as target,
            best.target is not null as is_linked,
            reached.anon,
            reached.authenticated,
            policy.is_movable,
            policy.is_written,
            policy.signature,
            pg_relation_size(c.oid) > 0 or c.relkind = 'p' as has_pages
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        cross join lateral (
            select
                (
                    has_any_column_privilege('anon', c.oid, 'SELECT, INSERT, UPDATE')
                    or has_table_privilege('anon', c.oid, 'DELETE')
                )
                    and has_schema_privilege('anon', n.oid, 'USAGE') as anon,
                (
                    has_any_column_privilege('authenticated', c.oid, 'SELECT, INSERT, UPDATE')
                    or has_table_privilege('authenticated', c.oid, 'DELETE')
                )
                    and has_schema_privilege('authenticated', n.oid, 'USAGE') as authenticated
        ) as reached
        -- Whether anything that a user can set or write decides, beyond who they are and what the tenancy lets them.
        cross join lateral (
            select
                count(*) as number,
                coalesce(bool_or(p.polcmd <> 'r'), false) as is_written,
                md5(string_agg(
                    format('%s %s %s', p.polcmd, p.polroles, replace(e.text, quote_ident(c.relname) || '.', '')),
                    ' '
                    order by p.polname
                )) as signature,
                coalesce(bool_or(
                    e.text ~* 'current_setting|jwt|metadata|request\.'
                    or exists (
                        select
                        from pg_depend as d
                        join pg_proc as f on f.oid = d.refobjid
                        where d.classid = 'pg_policy'::regclass
                          and d.objid = p.oid
                          and d.refclassid = 'pg_proc'::regclass
                          and f.pronamespace not in (
                              select s.oid
                              from pg_namespace as s
                              where s.nspname in ('vital_private', 'pg_catalog')
                          )
                          and d.refobjid is distinct from to_regprocedure('auth.uid()')
                          and d.refobjid is distinct from to_regprocedure('auth.role()')
                    )
                    or exists (
                        select
                        from pg_depend as d
                        where d.classid = 'pg_policy'::regclass
                          and d.objid = p.oid
                          and d.refclassid = 'pg_class'::regclass
                          and d.refobjid <> c.oid
                          and d.refobjid not in ({our_tables})
                    )
                ), false) as is_movable
            from pg_policy as p
            cross join lateral (
                select pg_get_expr(p.polqual, p.polrelid) as visible, pg_get_expr(p.polwithcheck, p.polrelid) as writable
            ) as x
            cross join lateral (select concat_ws(' check ', x.visible, x.writable) as text) as e
            where p.polrelid = c.oid
              and p.polpermissive
              and exists (
                  select
                  from unnest(p.polroles) as m (oid)
                  where m.oid = 0
                     or pg_has_role('anon', m.oid, 'USAGE')
                     or pg_has_role('authenticated', m.oid, 'USAGE')
              )
              -- The expression of the tenancy's own policies, on whose functions the other checks act.
              and not (
                  coalesce(x.visible, x.writable) ~ v_own_text
                  and coalesce(x.writable, x.visible) ~ v_own_text
              )
        ) as policy
        left join lateral (
            select a.attname, a.atttypid::regtype::text as type_name, k.confrelid::regclass::text as target
            from pg_attribute as a
            left join pg_constraint as k on k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]
            where a.attrelid = c.oid
              and a.attnum > 0
              and not a.attisdropped
              and (
                  k.confrelid = 'public.tenants'::regclass
                  or (
                      a.attname ~ v_tenant_name
                      and a.atttypid in (
                          'uuid'::regtype, 'text'::regtype, 'varchar'::regtype, 'integer'::regtype, 'bigint'::regtype
                      )
                  )
              )
            order by
                k.confrelid is not distinct from 'public.tenants'::regclass desc,
                a.attname = 'tenant_id' desc,
                a.attname ~ 'tenant' desc,
                a.attname ~ '^org' desc,
                a.attnum
            limit 1
        ) as best on true
        where c.relkind in ('r', 'p')
          and c.oid not in ({our_tables})
          and n.nspname not in ('pg_catalog', 'information_schema', 'vital_private', 'vital_retired', 'vital_archive')
          and n.nspname !~ '^pg_(toast|temp)'
          and (reached.anon or reached.authenticated)
          -- Without row security, whoever may read it reads all of it, which rls-disabled tells.
          and case when c.relrowsecurity then policy.number > 0 else best.attname is null and pg_relation_size(c.oid) > 0 end
        order by name
    loop
        v_column := v_table.column_name;
        if v_column is null and v_table.has_pages then
            -- No name tells: which column holds the ids of tenants?
            for v_column in
                select a.attname
                from pg_attribute as a
                where a.attrelid = v_table.oid
                  and a.attnum > 0
                  and not a.attisdropped
                  and a.atttypid in ('uuid'::regtype, 'text'::regtype, 'varchar'::regtype)
                  and not exists (
                      select
                      from pg_constraint as k
                      where k.conrelid = a.attrelid
                        and k.contype in ('f', 'p')
                        and a.attnum = any (k.conkey)
                  )
                order by a.attnum
            loop
                execute format(
                    'select to_jsonb(exists ('
                    'select from %s as t join public.tenants as o on o.id::text = t.%I::text where t.ctid < ''(16,0)''::tid'
                    '))',
                    v_table.name,
                    v_column
                ) into v_rows;
                exit when v_rows = 'true';
                v_column := null;
            end loop;
        end if;
        continue when v_column is null;

        -- What says of itself that it is for everybody is read by others rightly.
        select string_agg(
            case
                when a.atttypid = 'boolean'::regtype then format(' and t.%I is not true', a.attname)
                else format(' and coalesce(t.%I::text, '''') not in (''global'', ''selective'', ''public'')', a.attname)
            end,
            ''
        )
        into v_open
        from pg_attribute as a
        where a.attrelid = v_table.oid
          and a.attnum > 0
          and not a.attisdropped
          and (
              (a.atttypid = 'boolean'::regtype and a.attname in ('is_public', 'is_shared', 'is_global', 'public', 'shared'))
              or a.attname in ('sharing_mode', 'visibility')
          );
        v_signature := concat_ws(' ', v_table.signature, v_column, v_table.anon, v_table.authenticated);
        v_rows := '[]';
        if v_table.has_pages then
            execute format(
                'select coalesce(jsonb_agg(jsonb_build_array(s.place, s.key)), ''[]'') from ('
                'select t.ctid::text as place, t.%1$I::text as key from %2$s as t '
                'where t.ctid < ''(100,0)''::tid and t.%1$I is not null%3$s limit 20) as s',
                v_column,
                v_table.name,
                v_open
            ) into v_rows;
        end if;
        v_tables := v_tables || jsonb_build_object(
            'name', v_table.name,
            'column', v_column,
            'type', v_table.type_name,
            'target', case when v_table.is_linked or v_column ~ 'tenant' then v_table.target else v_column end,
            'anon', v_table.anon,
            'authenticated', v_table.authenticated,
            'is_written', v_table.is_written,
            'is_movable', v_table.is_movable and not v_first ? v_signature,
            'like', v_first -> v_signature,
            'rows', v_rows
        );
        if v_table.is_movable and not v_first ? v_signature then
            v_first := v_first || jsonb_build_object(v_signature, v_table.name);
        end if;
        if v_rows = '[]' then
            v_requests := v_requests || jsonb_build_object(
                'name', 'row of ' || v_table.name,
                'table', v_table.name,
                'fixed', case
                    when v_table.is_linked and v_table.target <> 'public.tenants' then '{}'
                    when v_table.type_name in ('integer', 'bigint') then jsonb_build_object(v_column, 7)
                    else jsonb_build_object(v_column, v_other)
                end,
                'hints', case
                    when v_table.is_linked and v_table.target <> 'public.tenants'
                        then jsonb_build_object(v_column, v_other)
                    else '{}'
                end,
                'needs', v_column,
                'is_optional', true
            );
        end if;
    end loop;

    perform set_config('vital.tables', v_tables::text, true);
    perform set_config('vital.own_rows', '[]', true);
    perform set_config('vital.levers', '{}', true);
    perform set_config('vital.requests', v_requests::text, true);
    if v_first = '{}' then
        return;
    end if;

    -- Rows of the user's own that policies may look at: who they are, where they belong, what they may do.
    for v_table in
        select
            c.oid::regclass::text as name,
            person.attname as person,
            place.attname as place,
            place.type_name as place_type,
            place.target,
            may.insert_row,
            (
                select jsonb_object_agg(a.attname, a.atttypid::regtype::text)
                from pg_attribute as a
                where a.attrelid = c.oid
                  and a.attnum > 0
                  and not a.attisdropped
                  and has_column_privilege('authenticated', c.oid, a.attnum, 'UPDATE')
                  and (
                      a.attname = place.attname
                      or (a.atttypid = 'boolean'::regtype and a.attname ~ 'admin|super|staff|root|owner')
                      or a.attname ~ '^(role|user_role|app_role|access_level|user_type|permission)s?$'
                  )
            ) as writable
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        cross join lateral (
            select
                has_any_column_privilege('authenticated', c.oid, 'INSERT') as insert_row,
                has_any_column_privilege('authenticated', c.oid, 'UPDATE') as update_row
        ) as may
        cross join lateral (
            select a.attname
            from pg_attribute as a
            left join pg_constraint as k on k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]
            where a.attrelid = c.oid
              and a.attnum > 0
              and a.atttypid = 'uuid'::regtype
              and (
                  k.confrelid = to_regclass('auth.users')
                  or k.confrelid in (to_regclass('public.profiles'), to_regclass('public.users'))
                  or a.attname ~ v_person_name
                  or (a.attname = 'id' and c.relname in ('profiles', 'users', 'user_profiles'))
              )
            order by k.confrelid is not distinct from to_regclass('auth.users') desc, a.attnum
            limit 1
        ) as person
        left join lateral (
            select a.attname, a.atttypid::regtype::text as type_name, k.confrelid::regclass::text as target
            from pg_attribute as a
            left join pg_constraint as k on k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]
            where a.attrelid = c.oid
              and a.attnum > 0
              and not a.attisdropped
              and (k.confrelid = 'public.tenants'::regclass or a.attname ~ v_tenant_name)
            order by k.confrelid is not distinct from 'public.tenants'::regclass desc, a.attnum
            limit 1
        ) as place on true
        where c.relkind in ('r', 'p')
          and c.oid not in ({our_tables})
          and n.nspname not in ('pg_catalog', 'information_schema', 'auth', 'vital_private', 'vital_retired', 'vital_archive')
          and has_schema_privilege('authenticated', n.oid, 'USAGE')
          and (may.insert_row or may.update_row)
          -- Of all that users write, what a policy or a function looks at.
          and (
              exists (
                  select
                  from pg_depend as d
                  where d.classid = 'pg_policy'::regclass
                    and d.refclassid = 'pg_class'::regclass
                    and d.refobjid = c.oid
                    and d.refobjsubid > 0
                    and not exists (select from pg_policy as p where p.oid = d.objid and p.polrelid = c.oid)
              )
              or exists (
                  select
                  from pg_proc as p
                  where p.prosrc ~ ('\m' || c.relname || '\M')
                    and p.pronamespace not in (
                        select s.oid
                        from pg_namespace as s
                        where s.nspname in ('pg_catalog', 'information_schema', 'vital_private')
                    )
              )
          )
        order by name
        limit 50
    loop
        v_own := v_own || jsonb_build_object(
            'name', v_table.name,
            'person', v_table.person,
            'place', v_table.place,
            'place_type', v_table.place_type,
            'may_insert', v_table.insert_row,
            'writable', coalesce(v_table.writable, '{}')
        );
        v_requests := v_requests || jsonb_build_object(
            'name', 'own row of ' || v_table.name,
            'table', v_table.name,
            'fixed', jsonb_build_object(v_table.person, current_setting('vital.user_member'))
                || case
                    when v_table.place is not null and v_table.target = 'public.tenants'
                        then jsonb_build_object(v_table.place, v_home)
                    else '{}'
                end,
            'person', 'user_member',
            'is_optional', true
        );
    end loop;

    perform set_config('vital.own_rows', v_own::text, true);
    perform set_config('vital.requests', v_requests::text, true);
    -- What the policies and functions of others read, and what a user may set: by whole names, and by keys.
    with sources (text) as materialized (
        select concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
        from pg_policy as p
        where p.polrelid not in ({our_tables})
        union all
        select p.prosrc
        from pg_proc as p
        join pg_language as l on l.oid = p.prolang and l.lanname not in ('internal', 'c')
        where p.pronamespace not in (
            select s.oid
            from pg_namespace as s
            where s.nspname in ('pg_catalog', 'information_schema', 'vital_private', 'auth')
        )
    )
    select jsonb_build_object(
        'settings', (
            select jsonb_agg(distinct s.name)
            from (
                select m[1] as name
                from sources as t
                cross join regexp_matches(t.text, 'current_setting\s*\(\s*''([A-Za-z_]+\.[A-Za-z0-9_.-]+)''', 'g') as m
                union all
                select unnest(array[
                    'app.tenant_id', 'app.current_tenant_id', 'app.current_tenant', 'app.tenant', 'app.organization_id',
                    'app.current_organization_id', 'app.org_id', 'app.user_id', 'app.current_user_id', 'app.role',
                    'app.is_admin', 'app.bypass_rls'
                ])
            ) as s
            where s.name !~ '^(request\.(jwt|headers)|vital\.|role$)'
        ),
        'headers', (
            select jsonb_agg(distinct lower(s.name))
            from (
                select m[1] as name
                from sources as t
                cross join regexp_matches(t.text, '''([A-Za-z][A-Za-z0-9-]+)''', 'g') as m
                where t.text ~ 'request\.header'
                union all
                select unnest(array['x-tenant-id', 'x-tenant', 'x-organization-id', 'x-org-id', 'x-account-id'])
            ) as s
        ),
        'metadata', (
            select jsonb_agg(distinct s.name)
            from (
                select m[1] as name
                from sources as t
                cross join regexp_matches(t.text, '''\{?([A-Za-z][A-Za-z0-9_]+)', 'g') as m
                where t.text ~ 'metadata|meta_data'
                union all
                select m[1] as name
                from sources as t
                cross join regexp_matches(t.text, 'metadata,([A-Za-z][A-Za-z0-9_]+)', 'g') as m
                union all
                select unnest(array['tenant_id', 'organization_id', 'org_id', 'company_id', 'account_id'])
            ) as s
        ),
        'functions', (
            select coalesce(jsonb_agg(jsonb_build_array(f.oid::regproc::text, f.argument) order by f.oid), '[]')
            from (
                select p.oid, p.proargtypes[0]::regtype::text as argument
                from pg_proc as p
                join pg_namespace as n on n.oid = p.pronamespace
                where p.prosrc ~ 'set_config|\mset\s+(local|session)\M'
                  and p.prokind = 'f'
                  and p.pronargs - p.pronargdefaults <= 1
                  and p.pronargs >= 1
                  and p.proargtypes[0] in ('uuid'::regtype, 'text'::regtype, 'varchar'::regtype)
                  and n.nspname not in ('pg_catalog', 'information_schema', 'vital_private')
                  and p.oid is distinct from to_regprocedure('public.set_tenant_context(uuid)')
                  and has_function_privilege('authenticated', p.oid, 'EXECUTE')
                  and has_schema_privilege('authenticated', n.oid, 'USAGE')
                limit 50
            ) as f
        )
    )
    into v_levers;
    perform set_config('vital.levers', v_levers::text, true);
end
$$
