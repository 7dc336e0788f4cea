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
            E'-- review: the values are lost unless a backup has them\nalter table %s add column %s %s%s%s;',
            t.name,
            t.column_name,
            d.promised ->> 'type',
            coalesce(' default ' || (d.promised ->> 'default'), ''),
            case when (d.promised ->> 'not_null')::boolean then ' not null' else '' end
        )
        when d.properties = array['default'] then format(
            'alter table %s alter column %s %s;',
            t.name,
            t.column_name,
            coalesce('set default ' || (d.promised ->> 'default'), 'drop default')
        )
        when d.properties = array['not_null'] then format(
            E'-- review: reads the whole table under an exclusive lock\nalter table %s alter column %s %s not null;',
            t.name,
            t.column_name,
            case when (d.promised ->> 'not_null')::boolean then 'set' else 'drop' end
        )
        when 'type' = any (d.properties) then format(
            E'-- review: may rewrite the table\nalter table %s alter column %s type %s;',
            t.name,
            t.column_name,
            d.promised ->> 'type'
        )
        else format('-- review: bring %s to: %s', d.object, d.expected)
    end as fix
from (
{difference:columns}
) as d
cross join lateral (
    select
        coalesce(d.promised, d.live) ->> 'table' as name,
        substr(d.object, length(coalesce(d.promised, d.live) ->> 'table') + 2) as column_name
) as t
where d.state <> 'extra'
