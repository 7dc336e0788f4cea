-- id: shape-column-grants
-- level: error
-- title: A signed-in API role may do more or less with a column of the tenancy
-- explanation: No privilege is given for single columns; such a grant goes beyond what the tables give.
-- fix: Grant and revoke as shown; `vital verify --fix` does it.
-- mends: grants

select
    'shape-column-grants' as check_id,
    'error' as level,
    d.object,
    d.expected,
    d.actual,
    null as explanation,
    (
        select string_agg(
            case
                when d.promised ? k.key then
                    format('grant %s (%s) on table %s to %I;', lower(d.promised ->> k.key), t.column_name, t.name, k.key)
                else format('revoke all (%s) on table %s from %I;', t.column_name, t.name, k.key)
            end,
            E'\n'
            order by k.key
        )
        from (
            select jsonb_object_keys(d.promised)
            union
            select jsonb_object_keys(d.live)
        ) as k (key)
        where k.key <> 'table'
          and d.promised -> k.key is distinct from d.live -> k.key
    ) as fix
from (
{difference:column_grants}
) as d
cross join lateral (
    select
        coalesce(d.promised, d.live) ->> 'table' as name,
        substr(d.object, length(coalesce(d.promised, d.live) ->> 'table') + 2) as column_name
) as t
