-- id: shape-function-grants
-- level: error
-- title: A signed-in API role may call more or fewer functions of the tenancy
-- explanation: Functions that grant roles are for trusted roles only; the ones that the policies call must be callable by
--   whoever reads the tables.
-- fix: Grant and revoke as shown; `vital verify --fix` does it.
-- mends: grants

select
    'shape-function-grants' as check_id,
    'error' as level,
    d.object,
    d.expected,
    d.actual,
    null as explanation,
    (
        select string_agg(
            case
                when d.promised ? k.key then format('grant execute on function %s to %I;', d.object, k.key)
                else format('revoke all on function %s from %I;', d.object, k.key)
            end,
            E'\n'
        )
        from unnest(d.properties) as k (key)
    ) as fix
from (
{difference:function_grants}
) as d
where d.state = 'different'
