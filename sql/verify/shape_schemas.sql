-- id: shape-schemas
-- level: error
-- title: A schema of the tenancy is missing, or the API roles may do more or less in it
-- explanation: The policies call functions in vital_private, so signed-in users need USAGE there and nothing more;
--   vital_retired is for nobody.
-- fix: Grant and revoke as shown; `vital verify --fix` does it.
-- mends: grants

select
    'shape-schemas' as check_id,
    'error' as level,
    d.object,
    d.expected,
    d.actual,
    null as explanation,
    case d.state
        when 'missing' then format('create schema %s;', d.object)
        else (
            select string_agg(
                format('revoke all on schema %s from %I;', d.object, k.key)
                || coalesce(E'\ngrant ' || (d.promised ->> k.key) || format(' on schema %s to %I;', d.object, k.key), ''),
                E'\n'
            )
            from unnest(d.properties) as k (key)
        )
    end as fix
from (
{difference:schemas}
) as d
