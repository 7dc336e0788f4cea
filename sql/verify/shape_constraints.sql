-- id: shape-constraints
-- level: error
-- title: A constraint of the tenancy is missing, differs or is not validated
-- explanation: Constraints refuse impossible states, such as sharing columns that disagree, a second platform tenant or an
--   agent whose tenant is gone. One that is not validated says nothing about the rows that were there before.
-- fix: Add it as shown; validating it fails while a row breaks it, and names the row. What others made under its name is
--   renamed, never dropped.

select
    'shape-constraints' as check_id,
    'error' as level,
    d.object,
    d.expected,
    d.actual,
    null as explanation,
    case
        when d.properties = array['validated'] then ''
        when twin.name is not null then format('-- review: the same constraint under another name' || E'\n'
            || 'alter table %s rename constraint %s to %s;', t.name, twin.name, t.constraint_name)
        else concat_ws(
            E'\n',
            '-- review: fails while rows break it',
            case
                when d.state = 'different' then format('alter table %s drop constraint %s;', t.name, t.constraint_name)
                when taken.name is not null then format('alter table %s rename to %I;', taken.name, taken.other_name)
            end,
            format(
                'alter table %s add constraint %s %s%s;',
                t.name,
                t.constraint_name,
                d.promised ->> 'definition',
                case when t.can_wait then ' not valid' else '' end
            )
        )
    end
    || case
        when t.can_wait and twin.name is null
            then format(E'\nalter table %s validate constraint %s;', t.name, t.constraint_name)
        else ''
    end as fix,
    -- A foreign key needs the key that it refers to.
    case when d.promised ->> 'definition' like 'FOREIGN KEY%' then 1 else 0 end as rank,
    d.promised,
    d.live
from (
{difference:constraints}
) as d
cross join lateral (
    select
        coalesce(d.promised, d.live) ->> 'table' as name,
        substr(d.object, length(coalesce(d.promised, d.live) ->> 'table') + 2) as constraint_name,
        d.promised ->> 'definition' ~ '^(CHECK|FOREIGN KEY)' as can_wait
) as t
-- A table has one primary key, whatever it is called.
left join lateral (
    select quote_ident(k.conname) as name
    from pg_constraint as k
    where d.state = 'missing'
      and k.conrelid = to_regclass(t.name)
      and k.contype = 'p'
      and d.promised ->> 'definition' = pg_get_constraintdef(k.oid)
) as twin on true
-- Its index needs the name, and something else may have it.
left join lateral (
    select c.oid::regclass::text as name, left(c.relname, 50) || '_' || c.oid as other_name
    from pg_class as c
    where d.state = 'missing'
      and not t.can_wait
      and c.oid = to_regclass(split_part(t.name, '.', 1) || '.' || t.constraint_name)
) as taken on true
where d.state <> 'extra'
