-- id: shape-columns
-- level: error
-- title: A column of the tenancy is missing or has another type, nullability or default
-- explanation: The policies, functions and constraints count on these types and defaults. Columns that others added are
--   left alone.
-- fix: A default is set back by `vital verify --fix`; a type or a missing column needs a person, who knows the rows.
-- mends: defaults

select
    'shape-columns' as check_id,
    'error' as level,
    d.object,
    d.expected,
    d.actual,
    null as explanation,
    case
        when d.state = 'missing' then format(
            E'-- review: the values are lost unless a backup has them\nalter table %s add column %s %s%s%s%s;',
            t.name,
            t.column_name,
            d.promised ->> 'type',
            coalesce(' default ' || (d.promised ->> 'default'), ''),
            case when d.promised ? 'identity' then ' generated always as identity' else '' end,
            case when (d.promised ->> 'not_null')::boolean then ' not null' else '' end
        )
        when d.properties = array['default'] and not d.live ? 'generated' then format(
            'alter table %s alter column %s %s;',
            t.name,
            t.column_name,
            coalesce('set default ' || (d.promised ->> 'default'), 'drop default')
        )
        else concat_ws(
            E'\n',
            case
                when 'type' = any (d.properties) then '-- review: may rewrite the table, and fails where a value does not fit'
                else '-- review: reads the whole table under an exclusive lock'
            end,
            'begin;',
            used.drops,
            case when conversion.is_array then
                'create function pg_temp.as_texts(p jsonb) returns text[] language sql immutable strict as $$ '
                || 'select array(select e.value from pg_catalog.jsonb_array_elements_text('
                || 'case when pg_catalog.jsonb_typeof(p) = ''array'' then p else pg_catalog.jsonb_build_array(p) end'
                || ') as e) $$;'
            end,
            'alter table ' || t.name || E'\n    ' || concat_ws(
                E',\n    ',
                case when d.live ? 'generated' then format('alter column %s drop expression', t.column_name) end,
                case
                    when d.live ? 'identity' and not d.promised ? 'identity'
                        then format('alter column %s drop identity', t.column_name)
                end,
                case
                    when d.live ? 'default' and not d.live ? 'generated'
                        and ('type' = any (d.properties) or 'default' = any (d.properties))
                        then format('alter column %s drop default', t.column_name)
                end,
                case
                    when 'type' = any (d.properties) then format(
                        'alter column %s type %s%s',
                        t.column_name,
                        d.promised ->> 'type',
                        coalesce(' using ' || conversion.expression, '')
                    )
                end,
                case
                    when d.promised ? 'default' and ('type' = any (d.properties) or 'default' = any (d.properties))
                        then format('alter column %s set default %s', t.column_name, d.promised ->> 'default')
                end,
                case
                    when 'not_null' = any (d.properties) then format(
                        'alter column %s %s not null',
                        t.column_name,
                        case when (d.promised ->> 'not_null')::boolean then 'set' else 'drop' end
                    )
                end,
                case
                    when d.promised ? 'identity' and d.live ? 'identity'
                        and d.promised ->> 'identity' <> d.live ->> 'identity'
                        then format('alter column %s set generated always', t.column_name)
                    when d.promised ? 'identity' and not d.live ? 'identity'
                        then format('alter column %s add generated always as identity', t.column_name)
                end
            ) || ';',
            case
                when d.promised ? 'identity' and not d.live ? 'identity' then format(
                    'select pg_catalog.setval(pg_catalog.pg_get_serial_sequence(%L, %L), '
                    'coalesce((select max(%s) from %s), 0) + 1, false);',
                    t.name,
                    t.attname,
                    t.column_name,
                    t.name
                )
            end,
            used.creates,
            'commit;'
        )
    end as fix,
    d.promised,
    d.live
from (
{difference:columns}
) as d
cross join lateral (
    select
        coalesce(d.promised, d.live) ->> 'table' as name,
        substr(d.object, length(coalesce(d.promised, d.live) ->> 'table') + 2) as column_name,
        (
            select a.attname
            from pg_attribute as a
            where a.attrelid = to_regclass(coalesce(d.promised, d.live) ->> 'table')
              and a.attnum > 0
              and format('%s.%I', a.attrelid::regclass, a.attname) = d.object
        ) as attname
) as t
-- How the values become values of the promised type. Without an expression none is cut short.
cross join lateral (
    select
        case
            when c.is_assigned then null
            when c.is_array then format('pg_temp.as_texts(%s::jsonb)::%s', t.column_name, d.promised ->> 'type')
            when d.promised ->> 'type' ~ '\[\]$' and b.typcategory = 'S' then format(
                'case when %1$s like ''{%%'' then %1$s::%2$s else string_to_array(%1$s, '','')::%2$s end',
                t.column_name,
                d.promised ->> 'type'
            )
            else format('%s::text::%s', t.column_name, d.promised ->> 'type')
        end as expression,
        c.is_array
    from (
        select to_regtype(d.promised ->> 'type') as target, to_regtype(d.live ->> 'type') as source
    ) as y
    join pg_type as b on b.oid = y.source
    join pg_type as g on g.oid = y.target
    cross join lateral (
        select
            y.source = y.target
            or exists (
                select
                from pg_cast as k
                where k.castsource = y.source
                  and k.casttarget = y.target
                  and k.castcontext in ('a', 'i')
            )
            or exists (
                select
                from pg_cast as k
                where k.castsource = b.typelem
                  and k.casttarget = g.typelem
                  and b.typcategory = 'A'
                  and g.typcategory = 'A'
                  and k.castcontext in ('a', 'i')
            ) as is_assigned,
            g.typcategory = 'A' and b.typname in ('json', 'jsonb') as is_array
    ) as c
    union all
    select null, false
    where d.state <> 'different'
) as conversion
-- A type changes only while no policy and no trigger uses the column; they come back as they were.
cross join lateral (
    select
        string_agg(u.drop_statement, E'\n' order by u.drop_statement) as drops,
        string_agg(u.create_statement, E'\n' order by u.drop_statement) as creates
    from (
        select
            format('drop policy %I on %s;', p.polname, p.polrelid::regclass) as drop_statement,
            format(
                'create policy %I on %s as %s for %s to %s%s%s;',
                p.polname,
                p.polrelid::regclass,
                case when p.polpermissive then 'permissive' else 'restrictive' end,
                case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
                (
                    select string_agg(case when m.oid = 0 then 'public' else m.oid::regrole::text end, ', ')
                    from unnest(p.polroles) as m (oid)
                ),
                ' using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
                ' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'
            )
            || coalesce(
                format(E'\ncomment on policy %I on %s is %L;', p.polname, p.polrelid::regclass, obj_description(p.oid, 'pg_policy')),
                ''
            ) as create_statement
        from pg_policy as p
        where exists (
            select
            from pg_depend as e
            join pg_attribute as a on a.attrelid = e.refobjid and a.attnum = e.refobjsubid
            where e.classid = 'pg_policy'::regclass
              and e.objid = p.oid
              and e.refclassid = 'pg_class'::regclass
              and format('%s.%I', a.attrelid::regclass, a.attname) = d.object
        )
        union all
        select
            format('drop trigger %I on %s;', g.tgname, g.tgrelid::regclass),
            pg_get_triggerdef(g.oid) || ';'
        from pg_trigger as g
        where not g.tgisinternal
          and exists (
              select
              from pg_depend as e
              join pg_attribute as a on a.attrelid = e.refobjid and a.attnum = e.refobjsubid
              where e.classid = 'pg_trigger'::regclass
                and e.objid = g.oid
                and e.refclassid = 'pg_class'::regclass
                and format('%s.%I', a.attrelid::regclass, a.attname) = d.object
          )
    ) as u
    where 'type' = any (d.properties)
) as used
where d.state <> 'extra'
