-- id: shape-table-grants
-- level: error
-- title: A signed-in API role may do more or less with a table of the tenancy
-- explanation: Row security does not bind TRUNCATE, memberships are written by functions only, and nobody changes the
--   audit; what is granted beyond the promise goes around that.
-- fix: Grant and revoke as shown; `vital verify --fix` does it.
-- mends: grants

select
    'shape-table-grants' as check_id,
    'error' as level,
    d.object,
    d.expected,
    d.actual,
    null as explanation,
    (
        select string_agg(f.statement, E'\n' order by f.position, f.statement)
        from (
            select
                1 as position,
                format('revoke %s on table %s from %I;', lower(r.privilege), d.object, k.key) as statement
            from unnest(d.properties) as k (key)
            cross join lateral (
                select unnest(string_to_array(d.live ->> k.key, ', '))
                except
                select unnest(string_to_array(d.promised ->> k.key, ', '))
            ) as r (privilege)
            union all
            select 2, format('grant %s on table %s to %I;', lower(g.privilege), d.object, k.key)
            from unnest(d.properties) as k (key)
            cross join lateral (
                select unnest(string_to_array(d.promised ->> k.key, ', '))
                except
                select unnest(string_to_array(d.live ->> k.key, ', '))
            ) as g (privilege)
        ) as f
    ) as fix
from (
{difference:table_grants}
) as d
where d.state <> 'missing'
