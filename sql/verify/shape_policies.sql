-- id: shape-policies
-- level: error
-- title: A policy of the tenancy is missing or says something else
-- explanation: The policies decide which rows a user sees and writes. A missing one hides rows from their owners; a
--   changed one may show them to others.
-- fix: Restore it as shown; `vital verify --fix` does it.
-- mends: policies

select
    'shape-policies' as check_id,
    'error' as level,
    d.object,
    d.expected,
    d.actual,
    null as explanation,
    case d.state
        when 'different' then format(E'drop policy %s on %s;\n', t.policy_name, d.promised ->> 'table')
        else ''
    end
    || format(
        E'create policy %s\n    on %s\n    as %s\n    for %s\n    to %s%s%s;',
        t.policy_name,
        d.promised ->> 'table',
        case when (d.promised ->> 'permissive')::boolean then 'permissive' else 'restrictive' end,
        d.promised ->> 'command',
        d.promised ->> 'roles',
        E'\n    using (' || (d.promised ->> 'using') || ')',
        E'\n    with check (' || (d.promised ->> 'check') || ')'
    )
    || coalesce(
        E'\ncomment on policy ' || t.policy_name || ' on ' || (d.promised ->> 'table') || ' is '
        || quote_literal(
            (select current_setting('vital.promise')::jsonb)
                #>> array['comments', format('policy %s on %s', t.policy_name, d.promised ->> 'table'), 'comment']
        )
        || ';',
        ''
    ) as fix,
    d.promised,
    d.live
from (
{difference:policies}
) as d
cross join lateral (
    select substr(d.object, length(d.promised ->> 'table') + 2) as policy_name
) as t
where d.state <> 'extra'
