-- id: shape-indexes
-- level: warning
-- title: An index of the tenancy is missing or defined otherwise
-- explanation: Without them every read of an API user scans the table; the unique ones refuse a second platform tenant
--   and repeated grants.
-- fix: Build it as shown, outside a transaction, so that nobody waits.

select
    'shape-indexes' as check_id,
    case when d.promised ->> 'definition' like 'CREATE UNIQUE %' then 'error' else 'warning' end as level,
    d.object,
    case d.state when 'missing' then d.promised ->> 'definition' else d.expected end as expected,
    d.actual,
    null as explanation,
    E'-- review: run each statement on its own\n'
    || case d.state when 'different' then format(E'drop index concurrently %s;\n', d.object) else '' end
    || regexp_replace(d.promised ->> 'definition', ' INDEX ', ' INDEX CONCURRENTLY ')
    || ';' as fix
from (
{difference:indexes}
) as d
where d.state <> 'extra'
