-- id: shape-functions
-- level: error
-- title: A function of the tenancy is missing, was replaced, or has an overload
-- explanation: The policies trust these functions. A body that checks less, a search_path that somebody else can fill, or
--   another owner opens every table that they guard; an overload is called in place of the original.
-- fix: Restore it as shown; `vital verify --fix` does it.
-- mends: functions

select
    'shape-functions' as check_id,
    'error' as level,
    d.object,
    d.expected,
    d.actual,
    null as explanation,
    case
        when d.state = 'extra' then format(E'-- review: somebody may call it\ndrop function if exists %s;', d.object)
        else concat_ws(
            E'\n',
            case
                when d.state = 'different' and 'owner' = any (d.properties) then format(
                    'alter function %s owner to %s;',
                    d.object,
                    (select n.nspowner::regrole from pg_namespace as n where n.nspname = 'vital_private')
                )
            end,
            case when t.is_retyped then format('drop function %s;', d.object) end,
            -- A procedure or an aggregate of others has the name.
            (
                select format('alter routine %s rename to %I;', d.object, left(p.proname, 50) || '_' || p.oid)
                from pg_proc as p
                where d.state = 'missing'
                  and p.oid = to_regprocedure(d.object)
            ),
            case
                when d.properties is distinct from array['owner'] then format(
                    E'create or replace function %s(%s)\nreturns %s\nlanguage %s\n%s\nparallel %s%s%s\nsecurity %s%s\nas $vital$%s$vital$;',
                    split_part(d.object, '(', 1),
                    d.promised ->> 'arguments',
                    d.promised ->> 'returns',
                    d.promised ->> 'language',
                    d.promised ->> 'volatility',
                    d.promised ->> 'parallel',
                    case when (d.promised ->> 'strict')::boolean then E'\nstrict' else '' end,
                    case when (d.promised ->> 'leakproof')::boolean then E'\nleakproof' else '' end,
                    d.promised ->> 'security',
                    regexp_replace(d.promised ->> 'settings', '^([^=]+)=(.*)$', E'\nset \\1 = \\2'),
                    d.promised ->> 'body'
                )
            end,
            case
                when d.state = 'missing' or t.is_retyped then format(
                    'alter function %s owner to %s;',
                    d.object,
                    (select n.nspowner::regrole from pg_namespace as n where n.nspname = 'vital_private')
                )
            end,
            case
                when d.state = 'missing' or t.is_retyped then format(
                    'revoke all on function %s from public, anon, authenticated, service_role;',
                    d.object
                )
            end,
            case
                when d.state = 'missing' or t.is_retyped then (
                    select format('grant execute on function %s to %s;', d.object, string_agg(g.grantee, ', '))
                    from jsonb_object_keys(
                        (select current_setting('vital.promise')::jsonb) -> 'function_grants' -> d.object
                    ) as g (grantee)
                    having count(*) > 0
                )
            end,
            case
                when d.state = 'missing' or t.is_retyped then
                    'comment on function ' || d.object || ' is '
                    || quote_literal(
                        (select current_setting('vital.promise')::jsonb) #>> array['comments', 'function ' || d.object, 'comment']
                    )
                    || ';'
            end
        )
    end as fix
from (
{difference:functions}
) as d
cross join lateral (
    select d.state = 'different' and d.properties && array['arguments', 'returns'] as is_retyped
) as t
where d.state <> 'extra'
   or d.object like 'public.%'
