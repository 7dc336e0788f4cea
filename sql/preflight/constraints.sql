-- The promised constraints, and the indexes beside them.
-- Returns: version bigint, table_name text, name name, is_index boolean, takes_name boolean, definition text, normal text
--
-- takes_name: it is an index, or has one of its name, and that is unique in its schema.

select
    (e.value ->> 'since')::bigint as version,
    e.value ->> 'table' as table_name,
    case k.key
        when 'indexes' then split_part(e.key, '.', 2)
        else substr(e.key, length(e.value ->> 'table') + 2)
    end::name as name,
    k.key = 'indexes' as is_index,
    k.key = 'indexes' or e.value ->> 'definition' ~ '^(PRIMARY KEY|UNIQUE|EXCLUDE)' as takes_name,
    e.value ->> 'definition' as definition,
    {normal:e.value ->> 'definition'} as normal
from jsonb_each((select current_setting('vital.manifest')::jsonb)) as k
cross join lateral jsonb_each(k.value) as e
where k.key in ('constraints', 'indexes')
