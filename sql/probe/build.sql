-- Inserts the rows that the setting vital.requests lists, and writes what became of them to vital.made.
--
-- A request is an object: name, table, fixed (the values that must stand), hints (values to begin with), plain (columns that
-- are not copied from other rows), needs (a column that must not be null), person (whose row it is), is_optional (others are made although this one cannot be),
-- is_trial (it is taken back at once). Its answer, by name: table, fixed, values (what was inserted), row (what the table
-- holds then), or problem.
--
-- A row is built from the table as it is: it begins with what the table insists on, taken from rows that are there and
-- changed where it must be unique. What the server then refuses says by its constraint what to change. Where that leads
-- nowhere, whole rows are copied. Rows are written under the path of vital.path, because triggers of others rely on it,
-- by statements without an operator.
--
-- Locks: row exclusive on the tables, which blocks neither readers nor writers.

do $$
declare
    v_requests jsonb := current_setting('vital.requests')::jsonb;
    v_made jsonb := current_setting('vital.made')::jsonb;
    v_path constant text := current_setting('vital.path');
    v_plan_mode constant text := current_setting('plan_cache_mode');
    -- What is known of each table, by its name.
    v_known jsonb := '{}';
    v_request jsonb;
    v_name text;
    v_table text;
    v_fixed jsonb;
    v_hints jsonb;
    v_columns jsonb;
    v_samples jsonb;
    v_template jsonb;
    v_vary text[];
    -- The table that the four describe.
    v_described text := '';
    v_strategy integer;
    v_strategies integer;
    v_round integer;
    v_base jsonb;
    v_values jsonb;
    v_change text[];
    v_tries jsonb;
    v_failures jsonb;
    v_literals jsonb;
    v_column text;
    v_facts jsonb;
    v_candidates jsonb;
    v_try integer;
    v_hex text;
    v_text text;
    v_limit integer;
    v_list text;
    v_row jsonb;
    v_problem text;
    v_state text;
    v_message text;
    v_constraint text;
    v_refused_column text;
    v_refused_table text;
    v_refused_type text;
    v_context text;
    v_key record;
    v_number integer;
    v_parent jsonb;
    v_pattern text;
    v_piece text;
    v_signs text;
    v_is_stuck boolean;
begin
    -- Planning what describes a table costs more than running it.
    perform set_config('plan_cache_mode', 'force_generic_plan', true);
    <<requests>>
    while jsonb_array_length(v_requests) > 0 loop
        v_request := v_requests -> 0;
        v_name := v_request ->> 'name';
        v_table := v_request ->> 'table';
        v_fixed := v_request -> 'fixed';
        v_hints := coalesce(v_request -> 'hints', '{}');
        v_row := null;
        v_values := null;
        v_problem := null;
        v_state := null;

        if v_table <> v_described and v_described <> '' then
            v_known := jsonb_set(v_known, array[v_described, 'template'], coalesce(v_template, 'null'));
        end if;
        if v_table <> v_described and not v_known ? v_table then
            begin
                execute format(
                    'select coalesce(jsonb_agg(to_jsonb(t)), ''[]'') from (select * from %s limit 3) as t',
                    v_table
                ) into v_samples;
            exception when insufficient_privilege then
                v_samples := '[]';
            end;
            v_known := v_known || jsonb_build_object(v_table, jsonb_build_object(
                'samples', v_samples,
                'columns', (
                    select jsonb_object_agg(a.attname, jsonb_build_object(
                        'type', b.typname,
                        'category', b.typcategory,
                        'enum', case when b.typtype = 'e' then (
                            select jsonb_agg(e.enumlabel order by e.enumsortorder)
                            from pg_enum as e
                            where e.enumtypid = b.oid
                        ) end,
                        'limit', case
                            when b.typname in ('varchar', 'bpchar') then nullif(greatest(a.atttypmod, t.typtypmod), -1) - 4
                            -- What is left of the point: numeric(6, 2) ends below 10,000.
                            when b.typname = 'numeric' and greatest(a.atttypmod, t.typtypmod) > 0 then
                                10 ^ least(
                                    ((greatest(a.atttypmod, t.typtypmod) - 4) >> 16)
                                        - ((greatest(a.atttypmod, t.typtypmod) - 4) & 2047),
                                    4
                                )
                        end,
                        'domain', case when t.typtype = 'd' then t.oid::regtype::text end,
                        'references', (
                            select k.confrelid::regclass::text
                            from pg_constraint as k
                            where k.conrelid = a.attrelid
                              and k.contype = 'f'
                              and k.conkey = array[a.attnum]
                            limit 1
                        ),
                        'not_null', a.attnotnull or t.typnotnull,
                        'is_filled', a.atthasdef or a.attidentity <> '' or t.typdefault is not null
                    ))
                    from pg_attribute as a
                    join pg_type as t on t.oid = a.atttypid
                    left join pg_type as u on u.oid = nullif(t.typbasetype, 0)
                    join pg_type as b on b.oid = coalesce(nullif(u.typbasetype, 0), u.oid, t.oid)
                    where a.attrelid = v_table::regclass
                      and a.attnum > 0
                      and not a.attisdropped
                      and a.attgenerated = ''
                      and a.attidentity <> 'a'
                ),
                -- One column of each index that wants unlike rows; the one that is easiest to change.
                'vary', (
                    select jsonb_agg(distinct v.attname)
                    from pg_index as i
                    cross join lateral (
                        select a.attname
                        from pg_attribute as a
                        join pg_type as t on t.oid = a.atttypid
                        where a.attrelid = i.indrelid
                          and a.attnum > 0
                          and a.attidentity <> 'a'
                          and a.attgenerated = ''
                          and (
                              a.attnum = any (i.indkey)
                              or exists (
                                  select
                                  from pg_depend as d
                                  where d.classid = 'pg_class'::regclass
                                    and d.objid = i.indexrelid
                                    and d.refclassid = 'pg_class'::regclass
                                    and d.refobjid = i.indrelid
                                    and d.refobjsubid = a.attnum
                              )
                          )
                          and not v_fixed ? a.attname::text
                        order by
                            exists (
                                select
                                from pg_constraint as k
                                where k.conrelid = a.attrelid
                                  and k.contype = 'f'
                                  and a.attnum = any (k.conkey)
                            ),
                            t.typcategory not in ('S', 'U', 'N'),
                            t.typname = 'uuid' desc,
                            a.attnum
                        limit 1
                    ) as v
                    where i.indrelid = v_table::regclass
                      and (i.indisunique or i.indisexclusion)
                )
            ));
        end if;
        if v_table <> v_described then
            v_described := v_table;
            v_columns := v_known -> v_table -> 'columns';
            v_samples := v_known -> v_table -> 'samples';
            v_template := nullif(v_known -> v_table -> 'template', 'null');
            v_vary := array(select jsonb_array_elements_text(
                coalesce(nullif(v_known -> v_table -> 'vary', 'null'), '[]')
            ));
        end if;

        -- First with what a row of this table needed the last time, or with nothing, then with copies of rows.
        v_strategy := 0;
        v_strategies := 1 + jsonb_array_length(v_samples);
        <<strategies>>
        while v_strategy < v_strategies and v_row is null loop
            v_base := coalesce(
                v_samples -> (greatest(v_strategy, 1) - 1),
                '{}'
            );
            v_values := '{}';
            if v_strategy > 0 then
                select coalesce(jsonb_object_agg(s.key, s.value), '{}')
                into v_values
                from jsonb_each(v_base) as s
                where v_columns ? s.key
                  and not coalesce(v_request -> 'plain' ? s.key, false)
                  and s.value <> 'null';
            elsif v_template is not null then
                v_values := v_template;
            end if;
            -- Columns that name a person name the one whose row it is, if that person could be made.
            select v_hints || coalesce(jsonb_object_agg(c.key, (select f.value from jsonb_each(m.value -> 'fixed') as f limit 1)), '{}')
            into v_hints
            from jsonb_each(v_columns) as c
            join jsonb_each(v_made) as m
                on m.value ->> 'table' = c.value ->> 'references'
                and m.key in (v_request ->> 'person', (m.value ->> 'table') || ' of ' || (v_request ->> 'person'))
                and m.value ? 'row'
            where v_values ? c.key
               or ((c.value ->> 'not_null')::boolean and not (c.value ->> 'is_filled')::boolean);
            v_values := v_values || v_hints || v_fixed;
            v_tries := '{}';
            v_failures := '{}';
            v_literals := '{}';
            v_change := array(
                select c.key
                from jsonb_each(v_columns) as c
                where not v_fixed ? c.key
                  and not v_hints ? c.key
                  and (
                      (v_values ? c.key and c.key = any (v_vary))
                      or (
                          not v_values ? c.key
                          and (c.value ->> 'not_null')::boolean
                          and not (c.value ->> 'is_filled')::boolean
                      )
                  )
                order by c.key
            );
            v_round := 0;
            <<rounds>>
            loop
                v_round := v_round + 1;
                v_is_stuck := v_round > 80;

                -- Gives each column that must change its next candidate.
                foreach v_column in array v_change loop
                    v_facts := v_columns -> v_column;
                    v_try := coalesce((v_tries ->> v_column)::integer, 0);
                    v_tries := v_tries || jsonb_build_object(v_column, v_try + 1);
                    v_hex := substr(replace(gen_random_uuid()::text, '-', ''), 1, 8);
                    v_limit := coalesce((v_facts ->> 'limit')::numeric::integer, 100000);
                    v_text := coalesce(nullif(v_base ->> v_column, ''), 'vital verify probe');
                    -- What is there already, once it may stand twice.
                    v_candidates := (
                        select coalesce(jsonb_agg(s.value -> v_column), '[]')
                        from jsonb_array_elements(jsonb_build_array(v_base) || v_samples) as s
                        where s.value -> v_column <> 'null'
                    );
                    if v_column = any (v_vary) then
                        v_candidates := '[]';
                    end if;
                    v_candidates := coalesce(v_literals -> v_column, '[]') || v_candidates || case
                        when v_facts -> 'enum' <> 'null' then v_facts -> 'enum'
                        when v_facts ->> 'type' in ('text', 'varchar', 'bpchar', 'citext', 'name') then
                            jsonb_build_array(
                                left(v_text, greatest(v_limit - 9, 0)) || right('-' || v_hex, v_limit),
                                left(v_text, greatest(v_limit - 8, 0)) || right(v_hex, v_limit),
                                left(v_text, greatest(length(v_text) - 8, 0)) || right(v_hex, length(v_text)),
                                left(v_text, greatest(length(v_text) - 8, 0)) || right(upper(v_hex), length(v_text)),
                                left(v_text, greatest(length(v_text) - 8, 0))
                                    || right(translate(v_hex, 'abcdef', '012345'), length(v_text)),
                                left(v_hex || v_text, v_limit),
                                left(translate(v_hex, 'abcdef', '012345'), v_limit),
                                left(translate(v_hex, '0123456789', 'ghijklmnop'), v_limit),
                                left(upper(translate(v_hex, '0123456789', 'ghijklmnop')), v_limit),
                                left('probe-' || v_hex || '@probe.invalid', v_limit),
                                left('https://probe.invalid/' || v_hex, v_limit),
                                left(v_hex, v_limit)
                            )
                        when v_facts ->> 'type' = 'uuid' then jsonb_build_array(gen_random_uuid())
                        when v_facts ->> 'type' in ('int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'money', 'oid') then
                            jsonb_build_array(
                                case
                                    when v_facts ->> 'type' in ('int4', 'int8', 'oid') then 1000000000 + floor(random() * 1000000000)
                                    else floor(random() * least(30000, v_limit))
                                end,
                                floor(random() * least(100, v_limit)),
                                0,
                                1,
                                2,
                                0.5,
                                -1
                            )
                        when v_facts ->> 'type' = 'bool' then '[false, true]'
                        when v_facts ->> 'type' in ('json', 'jsonb') then '[{}, []]'
                        when v_facts ->> 'type' in ('date', 'timestamp', 'timestamptz') then jsonb_build_array(
                            now() + floor(random() * 100000) * interval '1 minute',
                            now() - floor(random() * 100000) * interval '1 minute'
                        )
                        when v_facts ->> 'type' in ('time', 'timetz') then '["12:00"]'
                        when v_facts ->> 'type' = 'interval' then '["1 day", "0"]'
                        when v_facts ->> 'category' = 'A' then '["{}"]'
                        when v_facts ->> 'category' = 'R' then '["empty"]'
                        when v_facts ->> 'category' = 'I' then '["127.0.0.1"]'
                        when v_facts ->> 'type' = 'bytea' then jsonb_build_array('\x' || v_hex)
                        else '["", "0", "{}", "()"]'
                    end;
                    if v_column = any (v_vary) then
                        v_candidates := v_candidates || (
                            select coalesce(jsonb_agg(s.value -> v_column), '[]')
                            from jsonb_array_elements(v_samples) as s
                            where s.value -> v_column <> 'null'
                        );
                    end if;
                    if not (v_facts ->> 'not_null')::boolean then
                        v_candidates := v_candidates || 'null';
                    end if;
                    if v_try >= jsonb_array_length(v_candidates) then
                        v_is_stuck := true;
                    else
                        v_values := v_values || jsonb_build_object(v_column, v_candidates -> v_try);
                    end if;
                end loop;
                if v_is_stuck then
                    v_problem := coalesce(v_problem, format('%s: no value fits %s', v_table, v_column));
                    exit rounds;
                end if;

                select string_agg(quote_ident(v.key), ', ' order by v.key)
                into v_list
                from jsonb_object_keys(v_values) as v (key);
                begin
                    perform set_config('search_path', v_path, true);
                    execute format(
                        'insert into %1$s as t (%2$s) select %2$s from pg_catalog.jsonb_populate_record(null::%1$s, $1) '
                        'returning pg_catalog.to_jsonb(t)',
                        v_table,
                        v_list
                    )
                    into v_row
                    using v_values;
                    perform set_config('search_path', 'pg_catalog', true);
                    if v_row is null then
                        v_problem := format('%s: a trigger keeps the row out', v_table);
                        exit rounds;
                    end if;
                    if (v_request ->> 'is_trial')::boolean then
                        raise exception 'taken back' using errcode = 'VT000';
                    end if;
                    exit rounds;
                exception
                    when sqlstate 'VT000' then
                        exit rounds;
                    when others then
                        get stacked diagnostics
                            v_state = returned_sqlstate,
                            v_message = message_text,
                            v_constraint = constraint_name,
                            v_refused_column = column_name,
                            v_refused_type = pg_datatype_name,
                            v_context = pg_exception_context;
                        get stacked diagnostics v_refused_table = table_name;
                end;

                v_change := '{}';
                v_problem := format('%s: %s (SQLSTATE %s)', v_table, v_message, v_state);
                if v_context ~ '^(PL/pgSQL|SQL) function' and v_context !~ '^[^\n]*inline_code_block' then
                    v_problem := v_problem || ', in ' || split_part(v_context, E'\n', 1);
                end if;
                -- What another table refuses, a trigger of this one wrote.
                if v_refused_table <> '' and not exists (
                    select
                    from pg_partition_tree(v_table::regclass) as p
                    join pg_class as c on c.oid = p.relid
                    where c.relname = v_refused_table
                    union all
                    select
                    from pg_class as c
                    where c.oid = v_table::regclass
                      and c.relname = v_refused_table
                ) then
                    exit rounds;
                end if;

                if v_state = '23502' and v_columns ? v_refused_column and not v_fixed ? v_refused_column then
                    v_change := array[v_refused_column];
                    continue rounds;
                end if;
                exit rounds when v_state not in ('23503', '23505', '23514', '23P01');

                select
                    array(
                        select a.attname::text
                        from pg_attribute as a
                        where a.attrelid = v_table::regclass
                          and a.attnum > 0
                          and v_columns ? a.attname::text
                          and not v_fixed ? a.attname::text
                          and (
                              a.attnum = any (coalesce(k.conkey, '{}'))
                              or a.attnum = any (coalesce(i.indkey, ''::int2vector))
                              or (v_columns -> a.attname::text ->> 'domain') = d.domain
                              or exists (
                                  select
                                  from pg_depend as e
                                  where e.classid = 'pg_class'::regclass
                                    and e.objid = i.indexrelid
                                    and e.refclassid = 'pg_class'::regclass
                                    and e.refobjid = i.indrelid
                                    and e.refobjsubid = a.attnum
                              )
                          )
                        order by not a.attname::text = any (v_vary), a.attnum
                    ) as columns,
                    array(
                        select a.attname::text
                        from unnest(k.confkey) with ordinality as f (number, position)
                        join pg_attribute as a on a.attrelid = k.confrelid and a.attnum = f.number
                        order by f.position
                    ) as referenced_columns,
                    array(
                        select a.attname::text
                        from unnest(k.conkey) with ordinality as f (number, position)
                        join pg_attribute as a on a.attrelid = k.conrelid and a.attnum = f.number
                        order by f.position
                    ) as referring_columns,
                    nullif(k.confrelid, 0)::regclass::text as referenced_table,
                    coalesce(pg_get_constraintdef(k.oid), pg_get_constraintdef(d.oid)) as definition
                into v_key
                from (select v_constraint as name) as w
                left join pg_constraint as k on k.conrelid = v_table::regclass and k.conname = w.name
                left join pg_index as i
                    on i.indrelid = v_table::regclass
                    and i.indexrelid = (
                        select c.oid
                        from pg_class as c
                        join pg_index as x on x.indexrelid = c.oid
                        where c.relname = w.name
                          and x.indrelid = v_table::regclass
                    )
                left join lateral (
                    select x.oid, x.contypid::regtype::text as domain
                    from pg_constraint as x
                    join pg_type as t on t.oid = x.contypid
                    where x.conname = w.name
                      and t.typname = v_refused_type
                      and k.oid is null
                    limit 1
                ) as d on true;
                v_problem := v_problem || coalesce(': ' || v_key.definition, '');
                if cardinality(v_key.columns) = 0 then
                    -- A row that must be there already is.
                    if v_state = '23505' and (v_request ->> 'is_optional')::boolean then
                        v_row := v_values;
                    end if;
                    exit rounds;
                end if;
                v_number := coalesce((v_failures ->> v_constraint)::integer, 0);
                v_failures := v_failures || jsonb_build_object(v_constraint, v_number + 1);

                if v_state = '23503' then
                    -- Refers to what a row that is there refers to, to a row of the probe, to any row, or to a new one.
                    exit rounds when cardinality(v_key.columns) < cardinality(v_key.referring_columns) or v_number > 3;
                    v_parent := null;
                    if v_number = 0 then
                        select m.value -> 'row'
                        into v_parent
                        from jsonb_each(v_made) as m
                        where m.value ->> 'table' = v_key.referenced_table
                          and m.value -> 'row' <> 'null'
                        limit 1;
                    end if;
                    if v_parent is null and v_number < 3 then
                        begin
                            execute format(
                                'select to_jsonb(t) from (select %s from %s limit 1) as t',
                                (select string_agg(quote_ident(c), ', ') from unnest(v_key.referenced_columns) as c),
                                v_key.referenced_table
                            ) into v_parent;
                        exception when insufficient_privilege then
                            v_parent := null;
                        end;
                    end if;
                    if v_parent is not null then
                        select v_values || jsonb_object_agg(f.referring, v_parent -> f.referenced)
                        into v_values
                        from unnest(v_key.referring_columns, v_key.referenced_columns) as f (referring, referenced);
                    elsif not exists (
                        select
                        from unnest(v_key.referring_columns) as c
                        where (v_columns -> c ->> 'not_null')::boolean
                           or c = v_request ->> 'needs'
                    ) then
                        v_values := v_values - v_key.referring_columns;
                        v_values := v_values || (select jsonb_object_agg(c, null) from unnest(v_key.referring_columns) as c);
                    elsif v_key.referenced_table <> v_table
                        and not v_made ? ('parent ' || v_key.referenced_table)
                        and not v_requests @> jsonb_build_array(
                            jsonb_build_object('name', 'parent ' || v_key.referenced_table)
                        )
                    then
                        v_requests := jsonb_build_array(jsonb_build_object(
                            'name', 'parent ' || v_key.referenced_table,
                            'table', v_key.referenced_table,
                            'fixed', '{}'::jsonb,
                            'is_optional', true
                        )) || v_requests;
                        continue requests;
                    else
                        exit rounds;
                    end if;
                    continue rounds;
                end if;

                if v_state in ('23505', '23P01') then
                    -- The column that is meant to vary; later the others, too.
                    v_change := array[v_key.columns[1 + v_number / 6]];
                    exit rounds when v_change[1] is null;
                    if not v_change[1] = any (v_vary) then
                        v_vary := v_vary || v_change[1];
                        v_tries := v_tries - v_change[1];
                    end if;
                    continue rounds;
                end if;

                -- Columns that a check compares come together from a row that passes it; then one after the other.
                if v_number < jsonb_array_length(v_samples) then
                    v_base := v_samples -> v_number;
                    select v_values || coalesce(jsonb_object_agg(c, v_base -> c), '{}')
                    into v_values
                    from unnest(v_key.columns) as c
                    where v_base ? c;
                    v_change := array(select c from unnest(v_key.columns) as c where c = any (v_vary));
                    v_tries := v_tries - v_change;
                else
                    v_number := v_number - jsonb_array_length(v_samples);
                    v_column := v_key.columns[1 + v_number % cardinality(v_key.columns)];
                    if v_number < cardinality(v_key.columns) then
                        -- What the check names, and texts and numbers of that length or size.
                        v_literals := v_literals || jsonb_build_object(v_column, (
                            select coalesce(jsonb_agg(distinct l.value), '[]')
                            from (
                                select to_jsonb(replace(m[1], '''''', '''')) as value
                                from regexp_matches(v_key.definition, '''((?:[^'']|'''')*)''', 'g') as m
                                where v_columns -> v_column ->> 'type' not in ('json', 'jsonb')
                                union all
                                select to_jsonb(case
                                    when v_columns -> v_column ->> 'category' = 'N' then (m[1]::numeric + n.step)::text
                                    else left(rpad('vital verify probe', least((m[1]::numeric + n.step)::integer, 10000), 'x'),
                                        coalesce((v_columns -> v_column ->> 'limit')::integer, 10000))
                                end)
                                from regexp_matches(v_key.definition, '\m(\d{1,6})\M', 'g') as m
                                cross join (values (0), (1), (-1)) as n (step)
                                where v_columns -> v_column ->> 'type' in ('text', 'varchar', 'bpchar', 'citext')
                                   or v_columns -> v_column ->> 'category' = 'N'
                            ) as l
                        ));
                        if v_columns -> v_column ->> 'type' in ('text', 'varchar', 'bpchar', 'citext') then
                            -- A text that fits a pattern: each class gives one of its signs, many of them where it may.
                            for v_pattern in
                                select replace(m[1], '''''', '''')
                                from regexp_matches(v_key.definition, '~\*? ''((?:[^'']|'''')*)''', 'g') as m
                            loop
                                v_text := '';
                                while v_pattern <> '' and length(v_text) < 200 loop
                                    v_piece := substring(
                                        v_pattern from '^(?:\[\^?\]?[^]]*\]|\\.|.)(?:\{[0-9]+(?:,[0-9]*)?\}|[*+?])?'
                                    );
                                    v_pattern := substr(v_pattern, length(v_piece) + 1);
                                    v_number := coalesce(
                                        substring(v_piece from '.\{([0-9]+)')::integer,
                                        case when v_piece ~ '.[+*]$' and v_piece !~ '^\\.$' then 8 else 1 end
                                    );
                                    if v_piece !~ '^\\.$' then
                                        v_piece := regexp_replace(v_piece, '(.)(?:\{[0-9]+(?:,[0-9]*)?\}|[*+?])$', '\1');
                                    end if;
                                    if v_piece = '|' then
                                        -- One way is enough.
                                        v_pattern := coalesce(substring(v_pattern from '\).*$'), '');
                                    elsif v_piece not in ('^', '$', '(', ')', '?', ':') then
                                        v_signs := case
                                            when v_piece in ('\d', '[0-9]', '[[:digit:]]') then '0123456789'
                                            when v_piece in ('\w', '.') or v_piece like '[^%' then 'abcdefghijklmnopqrstuvwxyz'
                                            when v_piece = '\s' then ' '
                                            when v_piece like '\_' escape '!' then substr(v_piece, 2)
                                            when v_piece ~ '^\[.*a-z' then 'abcdefghijklmnopqrstuvwxyz'
                                            when v_piece ~ '^\[.*A-Z' then 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
                                            when v_piece ~ '^\[.*0-9' then '0123456789'
                                            when v_piece like '[%' then substr(v_piece, 2, 1)
                                            else v_piece
                                        end;
                                        v_text := v_text || (
                                            select coalesce(string_agg(substr(v_signs, 1 + floor(random() * length(v_signs))::integer, 1), ''), '')
                                            from generate_series(1, v_number)
                                        );
                                    end if;
                                end loop;
                                v_literals := jsonb_set(
                                    v_literals,
                                    array[v_column],
                                    jsonb_build_array(v_text) || (v_literals -> v_column)
                                );
                            end loop;
                        end if;
                        v_tries := v_tries - v_column;
                    end if;
                    v_change := array[v_column];
                end if;
            end loop rounds;
            -- Neither a lock, nor a privilege, nor a read-only session is a matter of values.
            exit strategies when v_row is null and v_state in ('42501', '55P03', '57014', '25006', '40P01');
            v_strategy := v_strategy + 1;
        end loop strategies;

        v_requests := v_requests - 0;
        if v_row is null then
            v_made := v_made || jsonb_build_object(v_name, jsonb_build_object('table', v_table, 'problem', v_problem));
            exit requests when not coalesce((v_request ->> 'is_optional')::boolean, false);
        else
            v_made := v_made || jsonb_build_object(v_name, jsonb_build_object(
                'table', v_table,
                'fixed', v_fixed,
                'values', v_values,
                -- What is wanted of an agent's row is who it is.
                'row', case when v_table = 'public.agents' then jsonb_build_object('id', v_row -> 'id') else v_row end
            ));
            v_template := (
                select coalesce(jsonb_object_agg(v.key, v.value), '{}')
                from jsonb_each(v_values) as v
                where not v_fixed ? v.key
                  and v.value <> 'null'
            );
        end if;
    end loop requests;
    perform set_config('vital.made', v_made::text, true);
    perform set_config('plan_cache_mode', v_plan_mode, true);
end
$$
