-- id: shape-indexes
-- level: warning
-- title: An index of the tenancy is missing or defined otherwise
-- explanation: Without them every read of an API user scans the table; the unique ones refuse a second platform tenant
--   and repeated grants.
-- fix: Build it as shown, outside a transaction, so that nobody waits. What others made under its name is renamed, never
--   dropped.

select
    'shape-indexes' as check_id,
    case when d.promised ->> 'definition' like 'CREATE UNIQUE %' then 'error' else 'warning' end as level,
    d.object,
    case d.state when 'missing' then d.promised ->> 'definition' else d.expected end as expected,
    d.actual || coalesce(', the name is that of ' || taken.what, '') as actual,
    null as explanation,
    E'-- review: run each statement on its own\n'
    || case
        when d.state = 'different' then format(E'drop index concurrently %s;\n', d.object)
        when taken.other_name is not null then format(E'alter table %s rename to %I;\n', d.object, taken.other_name)
        else ''
    end
    || regexp_replace(d.promised ->> 'definition', ' INDEX ', ' INDEX CONCURRENTLY ')
    || ';' as fix,
    d.promised,
    d.live
from (
{difference:indexes}
) as d
left join lateral (
    select
        left(c.relname, 50) || '_' || c.oid as other_name,
        case
            when k.oid is not null then format('constraint %s on %s', quote_ident(k.conname), k.conrelid::regclass)
            when i.indexrelid is not null then format('an index on %s', i.indrelid::regclass)
            else 'another relation'
        end as what
    from pg_class as c
    left join pg_index as i on i.indexrelid = c.oid
    left join pg_constraint as k on k.conindid = c.oid and k.contype in ('p', 'u', 'x')
    where d.state = 'missing'
      and c.oid = to_regclass(d.object)
) as taken on true
where d.state <> 'extra'
