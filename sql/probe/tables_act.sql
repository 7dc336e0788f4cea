-- Acts on the tables of vital.tables as a visitor, as somebody who belongs nowhere, and as a member of another tenant, with
-- everything that such a user may set or write, and writes to vital.leaks what they can do with others' rows:
-- an array of {name, column, target, type, hits: [{actor, lever, verb, read, rows}]}; and to vital.unseen the tables without
-- a row.
--
-- Reading is done. Writing is not, because a statement without a condition, which is all that a policy for writing needs,
-- would touch every row: the user evaluates what the policies ask on a copy of the row instead.
--
-- Locks: access share on the tables; row exclusive where users may write rows of their own.

do $$
declare
    v_tables constant jsonb := current_setting('vital.tables')::jsonb;
    v_own constant jsonb := current_setting('vital.own_rows')::jsonb;
    v_made constant jsonb := current_setting('vital.made')::jsonb;
    v_levers constant jsonb := current_setting('vital.levers')::jsonb;
    v_path constant text := current_setting('vital.path');
    v_prober constant text := current_user;
    v_looked jsonb := '[]';
    v_unseen jsonb := '[]';
    v_hits jsonb := '{}';
    v_table jsonb;
    v_rows jsonb;
    v_key text;
    v_foreign text[];
    v_actor text;
    v_role text;
    v_user text;
    v_claims jsonb;
    v_lever text;
    v_names text[];
    v_name text;
    v_told text;
    v_value text;
    v_written bigint;
    v_read bigint;
    v_query text;
    v_column record;
    v_all text[];
    v_records jsonb;
    v_planted jsonb;
    v_writes jsonb;
    v_command text;
    v_from text;
begin
    -- Rows to look for: those that are there, or else the one that was made.
    for v_table in select t.value from jsonb_array_elements(v_tables) as t loop
        v_rows := v_table -> 'rows';
        v_key := 'row of ' || (v_table ->> 'name');
        if v_rows = '[]' and v_made -> v_key ? 'row' then
            v_rows := jsonb_build_array(jsonb_build_array(null, v_made -> v_key -> 'row' -> (v_table ->> 'column')));
        end if;
        if v_rows = '[]' or v_rows -> 0 -> 1 = 'null' then
            v_unseen := v_unseen || jsonb_build_object(
                'name', v_table ->> 'name',
                'reason', coalesce(v_made -> v_key ->> 'problem', 'no row could be made')
            );
            continue;
        end if;
        v_table := v_table || jsonb_build_object('rows', v_rows);
        if (v_table ->> 'is_written')::boolean then
            v_records := jsonb_build_array(v_made -> v_key -> 'row');
            if v_rows -> 0 ->> 0 is not null then
                execute format('select coalesce(jsonb_agg(to_jsonb(t)), ''[]'') from %s as t where t.ctid = any ($1)', v_table ->> 'name')
                into v_records
                using array(select (r.value ->> 0)::tid from jsonb_array_elements(v_rows) as r limit 3);
            end if;
            -- A row for another tenant, by whoever acts: null where a tenant has no such name.
            v_planted := null;
            if v_table ->> 'target' = 'public.tenants' and v_table ->> 'type' in ('uuid', 'text', 'varchar') then
                select (v_records -> 0)
                    || jsonb_build_object(v_table ->> 'column', current_setting('vital.tenant_other'))
                    || coalesce(jsonb_object_agg(a.attname, '{person}'::text), '{}')
                into v_planted
                from pg_attribute as a
                where a.attrelid = (v_table ->> 'name')::regclass
                  and a.attnum > 0
                  and not a.attisdropped
                  and a.atttypid = 'uuid'::regtype
                  and a.attname ~ '^(user|profile|member|owner|author|created_by|invited_by)(_user)?(_id|_uuid)?$';
            end if;
            -- What the policies ask of each role for each command, with the permissive and the restrictive ones.
            select jsonb_object_agg(r.role, r.commands)
            into v_writes
            from (
                select
                    n.role,
                    jsonb_object_agg(c.command, concat('(', coalesce(x.permissive, 'false'), ')', x.restrictive)) as commands
                from unnest(array['anon', 'authenticated']) as n (role)
                cross join (
                    values
                        ('select', 'r', false, 'SELECT'),
                        ('update', 'w', false, 'UPDATE'),
                        ('changed', 'w', true, 'UPDATE'),
                        ('delete', 'd', false, 'DELETE'),
                        ('insert', 'a', true, 'INSERT')
                ) as c (command, letter, is_new, privilege)
                cross join lateral (
                    select
                        string_agg('(' || e.text || ')', ' or ') filter (where p.polpermissive) as permissive,
                        string_agg(' and (' || e.text || ')', '') filter (where not p.polpermissive) as restrictive
                    from pg_policy as p
                    cross join lateral (
                        select pg_get_expr(case when c.is_new then coalesce(p.polwithcheck, p.polqual) else p.polqual end, p.polrelid)
                            as text
                    ) as e
                    where p.polrelid = (v_table ->> 'name')::regclass
                      and p.polcmd::text in (c.letter, '*')
                      and exists (
                          select
                          from unnest(p.polroles) as m (oid)
                          where m.oid = 0
                             or pg_has_role(n.role, m.oid, 'USAGE')
                      )
                ) as x
                where case c.privilege
                    when 'DELETE' then has_table_privilege(n.role, v_table ->> 'name', 'DELETE')
                    else has_any_column_privilege(n.role, v_table ->> 'name', c.privilege)
                end
                group by n.role
            ) as r;
            v_table := v_table || jsonb_build_object('records', v_records, 'planted', v_planted, 'writes', coalesce(v_writes, '{}'));
        end if;
        v_looked := v_looked || v_table;
    end loop;
    select coalesce(array_agg(distinct r.value ->> 1), '{}')
    into v_foreign
    from jsonb_array_elements(v_looked) as t
    cross join jsonb_array_elements(t.value -> 'rows') as r
    where (t.value ->> 'is_movable')::boolean;

    foreach v_actor in array array['anon', 'stranger', 'member'] loop
        v_role := case v_actor when 'anon' then 'anon' else 'authenticated' end;
        v_user := current_setting('vital.user_' || v_actor, true);
        v_claims := jsonb_strip_nulls(jsonb_build_object('sub', nullif(v_user, ''), 'role', v_role));
        -- A lever is a kind and, where it stands for a tenant, whose.
        for v_lever, v_key, v_names in
            select l.lever, l.key, l.names
            from (
                select 1 as position, 'nothing' as lever, null as key, '{}'::text[] as names
                union all
                select
                    k.position,
                    k.lever,
                    f.key,
                    array(select jsonb_array_elements_text(v_levers -> k.list))
                from (
                    values
                        (2, 'settings', 'settings'),
                        (3, 'headers', 'headers'),
                        (4, 'metadata', 'metadata'),
                        (5, 'own row', null),
                        (6, 'new row', null),
                        (7, 'function', null)
                ) as k (position, lever, list)
                cross join unnest(v_foreign) as f (key)
                where v_actor <> 'anon' or k.position < 4
                union all
                select 8, 'settings', v.value, array(select jsonb_array_elements_text(v_levers -> 'settings'))
                from unnest(array['', 'true', 'admin', 'service_role']) as v (value)
                where v_foreign <> '{}'
            ) as l
            order by l.position
        loop
            -- Together first; if that opens something, one after the other tells which it was.
            v_all := case
                when v_lever in ('nothing', 'metadata', 'headers') then array['*']
                when v_lever = 'settings' then array['*'] || v_names
                when v_lever = 'function' then array(select f.value ->> 0 from jsonb_array_elements(v_levers -> 'functions') as f)
                when v_lever = 'own row' then array(
                    select concat(n.role, ' ', o.value ->> 'name')
                    from jsonb_array_elements(v_own) as o
                    cross join unnest(array['admin', 'platform_admin', 'superadmin', 'owner', 'super_admin']) as n (role)
                    where n.role = 'admin'
                       or exists (
                           select
                           from jsonb_each_text(o.value -> 'writable') as c
                           where c.value <> 'boolean'
                             and c.key is distinct from o.value ->> 'place'
                       )
                )
                else array(
                    select o.value ->> 'name'
                    from jsonb_array_elements(v_own) as o
                    where (o.value ->> 'may_insert')::boolean
                )
            end;
            <<names>>
            foreach v_name in array v_all loop
                begin
                    perform set_config('request.jwt.claims', v_claims::text, true);
                    perform set_config('search_path', v_path, true);
                    perform set_config('role', v_role, true);
                    v_told := null;
                    v_written := 0;
                    case v_lever
                        when 'settings' then
                            for v_value in
                                select n
                                from unnest(v_names) as n
                                where v_name in ('*', n)
                            loop
                                begin
                                    perform set_config(v_value, v_key, true);
                                exception when others then
                                    null;
                                end;
                            end loop;
                            v_told := format(
                                'after setting %s%s',
                                case v_name when '*' then 'several settings' else v_name end,
                                case when v_key in ('', 'true', 'admin', 'service_role') then format(' to ''%s''', v_key) else '' end
                            );
                        when 'headers' then
                            perform set_config(
                                'request.headers',
                                (select jsonb_object_agg(n, v_key)::text from unnest(v_names) as n),
                                true
                            );
                            v_told := 'by request headers';
                        when 'metadata' then
                            perform set_config(
                                'request.jwt.claims',
                                (
                                    v_claims || jsonb_build_object('user_metadata', (
                                        select jsonb_object_agg(n, v_key) || '{"role": "admin", "is_admin": true}'
                                        from unnest(v_names) as n
                                    ))
                                )::text,
                                true
                            );
                            v_told := 'by user_metadata';
                        when 'function' then
                            begin
                                select format('select %s(%L::%s)', f.value ->> 0, v_key, f.value ->> 1)
                                into v_query
                                from jsonb_array_elements(v_levers -> 'functions') as f
                                where f.value ->> 0 = v_name
                                limit 1;
                                execute v_query;
                                v_written := 1;
                            exception when others then
                                null;
                            end;
                            v_told := format('after calling %s', v_name);
                        when 'own row' then
                            -- The role that it takes, and the table.
                            select o.value
                            into v_table
                            from jsonb_array_elements(v_own) as o
                            where o.value ->> 'name' = substr(v_name, strpos(v_name, ' ') + 1);
                            for v_column in
                                select
                                    c.key,
                                    a.value
                                from jsonb_each_text(v_table -> 'writable') as c
                                cross join lateral (
                                    select v_key as value
                                    where c.key = v_table ->> 'place'
                                    union all
                                    select 'true'
                                    where c.value = 'boolean'
                                    union all
                                    select split_part(v_name, ' ', 1)
                                    where c.value <> 'boolean'
                                      and c.key is distinct from v_table ->> 'place'
                                ) as a
                            loop
                                begin
                                    execute format(
                                        'update %s as t set %I = %L where t.%I = %L::uuid',
                                        v_table ->> 'name',
                                        v_column.key,
                                        v_column.value,
                                        v_table ->> 'person',
                                        v_user
                                    );
                                    get diagnostics v_read = row_count;
                                    if v_read > 0 then
                                        v_written := v_written + v_read;
                                        v_value := format('%s.%s', v_table ->> 'name', v_column.key);
                                        v_told := case
                                            when v_told is null then 'after writing in its own row ' || v_value
                                            when strpos(v_told, v_value) > 0 then v_told
                                            else v_told || ', ' || v_value
                                        end;
                                    end if;
                                exception when others then
                                    null;
                                end;
                            end loop;
                        when 'new row' then
                            select o.value
                            into v_table
                            from jsonb_array_elements(v_own) as o
                            where o.value ->> 'name' = v_name;
                            begin
                                v_rows := coalesce(v_made -> ('own row of ' || v_name) -> 'values', '{}')
                                    || jsonb_build_object(v_table ->> 'person', v_user)
                                    || case
                                        when v_table ->> 'place' is not null then jsonb_build_object(v_table ->> 'place', v_key)
                                        else '{}'
                                    end;
                                execute format(
                                    'insert into %1$s (%2$s) select %2$s from pg_catalog.jsonb_populate_record(null::%1$s, $1)',
                                    v_name,
                                    (select string_agg(quote_ident(k), ', ') from jsonb_object_keys(v_rows) as k)
                                ) using v_rows;
                                v_written := 1;
                            exception when others then
                                null;
                            end;
                            v_told := format('after adding a row of its own to %s', v_name);
                        else
                            null;
                    end case;

                    for v_table in
                        select t.value
                        from jsonb_array_elements(v_looked) as t
                        where (t.value ->> v_role)::boolean
                          and (
                              v_lever = 'nothing'
                              or (
                                  (t.value ->> 'is_movable')::boolean
                                  and (
                                      v_key in ('', 'true', 'admin', 'service_role')
                                      or exists (
                                          select
                                          from jsonb_array_elements(t.value -> 'rows') as r
                                          where r.value ->> 1 = v_key
                                      )
                                  )
                              )
                          )
                          -- What is open anyway needs no lever.
                          and not exists (
                              select
                              from jsonb_array_elements(v_hits -> (t.value ->> 'name')) as h
                              where h.value ->> 'actor' = v_actor
                                and (
                                    h.value ->> 'lever' = 'nothing'
                                    or (h.value ->> 'lever' = v_lever and h.value ->> 'name' <> '*')
                                )
                          )
                    loop
                        continue when v_lever in ('own row', 'new row', 'function') and v_written = 0;
                        begin
                            v_query := case
                                when has_table_privilege(v_role, v_table ->> 'name', 'SELECT') then format(
                                    'select count(*) from %s as t where t.%I::text = any ($1)%s',
                                    v_table ->> 'name',
                                    v_table ->> 'column',
                                    case when v_table -> 'rows' -> 0 ->> 0 is null then '' else ' and t.ctid = any ($2::tid[])' end
                                )
                                else format(
                                    'select count(*) from (select t.%I from %s as t limit 20) as s',
                                    (
                                        select a.attname
                                        from pg_attribute as a
                                        where a.attrelid = (v_table ->> 'name')::regclass
                                          and a.attnum > 0
                                          and has_column_privilege(v_role, a.attrelid, a.attnum, 'SELECT')
                                        limit 1
                                    ),
                                    v_table ->> 'name'
                                )
                            end;
                            execute v_query
                            into v_read
                            using
                                array(select r.value ->> 1 from jsonb_array_elements(v_table -> 'rows') as r),
                                array(select r.value ->> 0 from jsonb_array_elements(v_table -> 'rows') as r);
                        exception when others then
                            -- Refused, or the policy itself fails: nothing was read.
                            v_read := 0;
                        end;
                        if v_read > 0 then
                            v_hits := jsonb_set(
                                v_hits,
                                array[v_table ->> 'name'],
                                coalesce(v_hits -> (v_table ->> 'name'), '[]') || jsonb_build_object(
                                    'actor', v_actor,
                                    'lever', v_lever,
                                    'name', v_name,
                                    'told', v_told,
                                    'verb', 'reads',
                                    'read', v_read,
                                    'rows', jsonb_array_length(v_table -> 'rows')
                                )
                            );
                            v_written := v_written + 1;
                        end if;
                        <<writing>>
                        foreach v_command in array array['update', 'delete', 'insert'] loop
                            continue when v_table -> 'writes' -> v_role ->> v_command is null;
                            v_read := 0;
                            -- The copy has the table's name, by which subqueries of policies refer to it.
                            v_from := format(
                                'select count(*) from pg_catalog.jsonb_populate_recordset(null::%s, $1) as %I where ',
                                v_table ->> 'name',
                                (select c.relname from pg_class as c where c.oid = (v_table ->> 'name')::regclass)
                            );
                            v_records := v_table -> 'records';
                            begin
                                if v_command = 'insert' then
                                    continue writing when v_table ->> 'planted' is null or v_lever <> 'nothing';
                                    v_records := jsonb_build_array(
                                        replace(v_table ->> 'planted', '"{person}"', coalesce(to_jsonb(v_user)::text, 'null'))::jsonb
                                    );
                                end if;
                                execute v_from || (v_table -> 'writes' -> v_role ->> v_command) into v_read using v_records;
                                if v_command = 'update' and v_read > 0 then
                                    -- As it is, or taken over into the own tenant.
                                    execute v_from || (v_table -> 'writes' -> v_role ->> 'changed')
                                    into v_read
                                    using v_records || coalesce(
                                        (
                                            select jsonb_agg(
                                                r.value
                                                || jsonb_build_object(v_table ->> 'column', current_setting('vital.tenant_home'))
                                            )
                                            from jsonb_array_elements(v_records) as r
                                            where v_table ->> 'type' in ('uuid', 'text', 'varchar')
                                        ),
                                        '[]'
                                    );
                                    v_read := least(v_read, jsonb_array_length(v_records));
                                end if;
                                if v_command = 'insert' and v_read > 0 then
                                    -- It matters if somebody of that tenant takes it for theirs.
                                    perform set_config(
                                        'request.jwt.claims',
                                        jsonb_build_object('sub', current_setting('vital.user_neighbour'), 'role', 'authenticated')::text,
                                        true
                                    );
                                    perform set_config('role', 'authenticated', true);
                                    execute v_from || coalesce(v_table -> 'writes' -> 'authenticated' ->> 'select', 'false')
                                    into v_read
                                    using v_records;
                                end if;
                            exception when others then
                                v_read := 0;
                            end;
                            if v_command = 'insert' then
                                perform set_config('request.jwt.claims', v_claims::text, true);
                                perform set_config('role', v_role, true);
                            end if;
                            if v_read > 0 then
                                v_hits := jsonb_set(
                                    v_hits,
                                    array[v_table ->> 'name'],
                                    coalesce(v_hits -> (v_table ->> 'name'), '[]') || jsonb_build_object(
                                        'actor', v_actor,
                                        'lever', v_lever,
                                        'name', v_name,
                                        'told', v_told,
                                        'verb', case v_command when 'update' then 'changes' when 'delete' then 'deletes' else 'adds' end,
                                        'read', v_read,
                                        'rows', jsonb_array_length(v_records)
                                    )
                                );
                                v_written := v_written + 1;
                            end if;
                        end loop writing;
                    end loop;
                    v_written := case when v_name = '*' and v_lever = 'settings' then v_written else 1 end;
                    raise exception 'taken back' using errcode = 'VT000';
                exception when sqlstate 'VT000' then
                    null;
                end;
                -- Nothing opened by all settings together: none will by itself.
                exit names when v_name = '*' and v_written = 0;
            end loop names;
        end loop;
    end loop;

    perform set_config('role', v_prober, true);
    perform set_config('search_path', 'pg_catalog', true);
    perform set_config('vital.unseen', v_unseen::text, true);
    perform set_config(
        'vital.leaks',
        (
            select coalesce(jsonb_agg(t.value || jsonb_build_object('hits', h.hits)), '[]')::text
            from jsonb_array_elements(v_looked) as t
            cross join lateral (
                select
                    coalesce(v_hits -> (t.value ->> 'name'), '[]')
                    || coalesce(
                        (
                            select jsonb_agg(f.value)
                            from jsonb_array_elements(v_hits -> (t.value ->> 'like')) as f
                            where f.value ->> 'lever' <> 'nothing'
                        ),
                        '[]'
                    ) as hits
            ) as h
            where h.hits <> '[]'
        ),
        true
    );
end
$$
