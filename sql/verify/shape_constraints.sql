-- id: shape-constraints
-- level: error
-- title: A constraint of the tenancy is missing, differs or is not validated
-- explanation: Constraints refuse impossible states, such as sharing columns that disagree, a second platform tenant or an
--   agent whose tenant is gone. One that is not validated says nothing about the rows that were there before.
-- fix: Add it as shown; validating it fails while a row breaks it, and names the row.

select
    'shape-constraints' as check_id,
    'error' as level,
    d.object,
    d.expected,
    d.actual,
    null as explanation,
    case
        when d.properties = array['validated'] then ''
        else format(
            E'-- review: fails while rows break it\n%salter table %s add constraint %s %s%s;\n',
            case d.state
                when 'different' then format(E'alter table %s drop constraint %s;\n', t.name, t.constraint_name)
                else ''
            end,
            t.name,
            t.constraint_name,
            d.promised ->> 'definition',
            case when t.can_wait then ' not valid' else '' end
        )
    end
    || case
        when t.can_wait then format('alter table %s validate constraint %s;', t.name, t.constraint_name)
        else ''
    end as fix
from (
{difference:constraints}
) as d
cross join lateral (
    select
        coalesce(d.promised, d.live) ->> 'table' as name,
        substr(d.object, length(coalesce(d.promised, d.live) ->> 'table') + 2) as constraint_name,
        d.promised ->> 'definition' ~ '^(CHECK|FOREIGN KEY)' as can_wait
) as t
where d.state <> 'extra'
