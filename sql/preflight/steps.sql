-- The statements that bring an earlier form to the promised one, each within its migration's transaction.
-- Returns: version bigint, rank integer, object text, fact text, statement text

with columns as (
{columns}
),
retyped as (
{retyped}
),
-- Of agents, what is made of nothing but the columns of the tenancy.
owned as (
    select c.relation, c.table_name, min(c.version) as version, array_agg(a.attnum) as numbers
    from columns as c
    join pg_attribute as a on a.attrelid = c.relation and a.attname = c.column_name
    group by c.relation, c.table_name
)
select distinct on (step.version, step.rank, step.statement) step.*
from (
-- What the earlier form had besides is noted, and goes with it.
select
    o.version,
    0 as rank,
    found.object,
    null as fact,
    format(
        'insert into vital_private.adopted_objects (kind, table_name, name, definition) values (%L, %L, %L, %L) on conflict do nothing',
        found.kind,
        o.table_name,
        found.name,
        found.definition
    ) as statement
from owned as o
cross join lateral (
    select 'index' as kind, 'index ' || i.indexrelid::regclass as object, r.relname as name, pg_get_indexdef(i.indexrelid) as definition
    from pg_index as i
    join pg_class as r on r.oid = i.indexrelid
    where i.indrelid = o.relation
      and not exists (select from pg_constraint as k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x'))
      and not (select current_setting('vital.manifest')::jsonb) -> 'indexes' ? i.indexrelid::regclass::text
      and (
          o.table_name <> 'public.agents'
          or not exists (
              select
              from pg_depend as d
              where d.classid = 'pg_class'::regclass
                and d.objid = i.indexrelid
                and d.refobjid = i.indrelid
                and d.refobjsubid <> all (o.numbers)
          )
      )
    union all
    select 'constraint', format('constraint %I on %s', k.conname, o.table_name), k.conname, pg_get_constraintdef(k.oid)
    from pg_constraint as k
    where k.conrelid = o.relation
      and k.contype in ('c', 'f', 'u', 'x')
      and not (select current_setting('vital.manifest')::jsonb) -> 'constraints' ? format('%s.%I', o.table_name, k.conname)
      and (o.table_name <> 'public.agents' or k.conkey <@ o.numbers)
) as found
union all
-- What hangs on a column whose type changes: a migration makes it anew, but a policy of agents stays until migration 3.
select
    d.version,
    1,
    d.object,
    null,
    d.drop_text
from retyped as d
where d.is_ours
  and d.drop_text is not null
union all
select d.version, 9, d.object, null, d.create_text
from retyped as d
where d.is_ours
  and d.drop_text is not null
  and d.kind in ('policy', 'trigger')
union all
select
    c.version,
    maker.rank,
    'function vital_private.text_array(jsonb)',
    null,
    maker.statement
from columns as c
cross join (
    values
        (
            0,
            'create function vital_private.text_array(p_values jsonb) returns text[] language sql immutable '
            'set search_path = pg_catalog, pg_temp as ''select case jsonb_typeof(p_values) when ''''array'''' then '
            'array(select jsonb_array_elements_text(p_values)) end'''
        ),
        (8, 'drop function vital_private.text_array(jsonb)')
) as maker (rank, statement)
where c.exists
  and c.using_text like 'vital_private.text_array(%'
union all
-- Indexes and checks of the earlier form that have no successor.
select
    (e.value ->> 'since')::bigint,
    1,
    'index ' || i.indexrelid::regclass,
    'belongs to the earlier form and goes',
    'drop index ' || i.indexrelid::regclass
from jsonb_each((select current_setting('vital.manifest')::jsonb) #> '{earlier,indexes}') as e
join pg_index as i on i.indexrelid = to_regclass(e.key)
where i.indrelid = to_regclass(e.value ->> 'table')
  and split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2) ~ (e.value ->> 'definition')
  and not i.indisunique
union all
select
    (e.value ->> 'since')::bigint,
    1,
    format('constraint %I on %s', k.conname, k.conrelid::regclass),
    'belongs to the earlier form and goes',
    format('alter table %s drop constraint %I', k.conrelid::regclass, k.conname)
from jsonb_each((select current_setting('vital.manifest')::jsonb) #> '{earlier,constraints}') as e
join pg_constraint as k
    on k.conrelid = to_regclass(e.value ->> 'table')
    and k.conname = substr(e.key, length(e.value ->> 'table') + 2)
where {normal:pg_get_constraintdef(k.oid)} ~ (e.value ->> 'definition')
union all
-- Columns.
select
    c.version,
    2,
    format('column %s.%I', c.table_name, c.column_name),
    'is missing and is added',
    format(
        'alter table %s add column %I %s%s%s',
        c.table_name,
        c.column_name,
        c.promised,
        coalesce(' default ' || c.default_text, ''),
        case when c.not_null then ' not null' else '' end
    )
from columns as c
where not c.exists
  and c.misfit is null
  and c.table_name <> 'public.agents'
union all
select
    c.version,
    3,
    format('column %s.%I', c.table_name, c.column_name),
    null,
    format('alter table %s alter column %I drop default', c.table_name, c.column_name)
from columns as c
where c.exists
  and c.live_default is not null
  and c.live <> c.promised
union all
select
    c.version,
    4,
    format('column %s.%I', c.table_name, c.column_name),
    format('is %s and becomes %s', c.live, c.promised)
    || case when c.live like 'timestamp%without%' then ', read as of time zone ' || (select s.reset_val from pg_settings as s where s.name = 'TimeZone') else '' end,
    format(
        'alter table %s alter column %I type %s%s',
        c.table_name,
        c.column_name,
        c.promised,
        case when c.using_text = quote_ident(c.column_name) then '' else ' using ' || c.using_text end
    )
from columns as c
where c.exists
  and c.live <> c.promised
union all
select
    c.version,
    5,
    format('column %s.%I', c.table_name, c.column_name),
    'is not null and may be null',
    format('alter table %s alter column %I drop not null', c.table_name, c.column_name)
from columns as c
where c.exists
  and c.is_not_null
  and not c.not_null
union all
select
    c.version,
    6,
    format('column %s.%I', c.table_name, c.column_name),
    null,
    format(
        'alter table %s alter column %I %s',
        c.table_name,
        c.column_name,
        coalesce('set default ' || c.default_text, 'drop default')
    )
from columns as c
where c.exists
  and (c.default_text is distinct from c.live_default or c.live_default is not null and c.live <> c.promised)
union all
-- A primary key of another name.
select
    p.version,
    7,
    format('constraint %I on %s', k.conname, p.table_name),
    format('becomes %I', p.name),
    format('alter table %s rename constraint %I to %I', p.table_name, k.conname, p.name)
from (
{constraints}
) as p
join pg_constraint as k on k.conrelid = to_regclass(p.table_name) and k.contype = 'p'
where p.definition like 'PRIMARY KEY%'
  and k.conname <> p.name
  and pg_get_constraintdef(k.oid) = p.definition
union all
select
    p.version,
    7,
    format('table %s', p.table_name),
    'has no primary key and gets one',
    format('alter table %s add constraint %I %s', p.table_name, p.name, p.definition)
from (
{constraints}
) as p
where p.definition like 'PRIMARY KEY%'
  and to_regclass(p.table_name) is not null
  and not exists (select from pg_constraint as k where k.conrelid = to_regclass(p.table_name) and k.contype = 'p')
) as step
order by step.version, step.rank, step.statement, step.fact nulls last
