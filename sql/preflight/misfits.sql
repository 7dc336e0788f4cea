-- Columns of ours that nothing can bring to their promised form, and what keeps others from it.
-- Returns: version bigint, object text, fact text, remedy text

with columns as (
{columns}
),
retyped as (
{retyped}
),
promised_constraints as (
{constraints}
)
-- A table that lacks what makes it one of the tenancy is another application's.
select
    min(c.version) as version,
    'table ' || c.table_name as object,
    'is not the tenancy''s: ' || string_agg(
        case when c.exists then format('column %s %s', c.column_name, c.misfit) else format('there is no column %s', c.column_name) end,
        ', '
        order by c.column_name
    ) as fact,
    format('alter table %s rename to %I', c.table_name, left(split_part(c.table_name, '.', 2), 50) || '_other')
    || coalesce(
        (
            select string_agg(format('; alter index %s rename to %I', i.indexrelid::regclass, left(r.relname, 50) || '_other'), '' order by r.relname)
            from pg_index as i
            join pg_class as r on r.oid = i.indexrelid
            where i.indrelid = to_regclass(c.table_name)
              and r.relname in (select k.name from promised_constraints as k where k.takes_name)
        ),
        ''
    ) as remedy
from columns as c
where c.misfit is not null
  and c.table_name <> 'public.agents'
group by c.table_name
union all
select
    c.version,
    format('column %s.%I', c.table_name, c.column_name),
    c.misfit,
    case
        when c.is_not_null and c.live = c.promised
            then 'take it out of the primary key'
        else format('alter table %s rename column %I to %I', c.table_name, c.column_name, c.column_name || '_other')
    end
from columns as c
where c.misfit is not null
  and c.exists
  and c.table_name = 'public.agents'
union all
select
    c.version,
    format('column %s.%I', c.table_name, c.column_name),
    format('is %s and has to become %s, which writes all of its about %s rows', c.live, c.promised, r.reltuples::bigint),
    format(
        'at a quiet time, alter table %s alter column %I type %s%s',
        c.table_name,
        c.column_name,
        c.promised,
        case when c.changes_kind then ' using ' || c.using_text else '' end
    )
from columns as c
join pg_class as r on r.oid = c.relation
where c.misfit is null
  and c.rewrites
  and c.live <> c.promised
  and r.reltuples > 100000
union all
select
    d.version,
    d.object,
    format('uses %s.%I, whose type has to change', d.table_name, d.column_name),
    concat_ws('; ', d.drop_text, 'afterwards create it again: ' || d.create_text)
from retyped as d
where not d.is_ours
  and not exists (
      select
      from columns as c
      where c.table_name = d.table_name
        and c.misfit is not null
  )
