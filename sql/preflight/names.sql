-- Objects of others that bear a name which a migration needs: relations, types, constraints, triggers.
-- Returns: version bigint, object text, fact text, remedy text
--
-- Of ours, or of the earlier form, is what hangs on the promised table and is made of nothing but the tenancy's columns;
-- of triggers, what calls a function of vital_private, or the earlier form's own.

with promised_tables as (
    select
        e.key as name,
        split_part(e.key, '.', 1) as schema_name,
        split_part(e.key, '.', 2) as bare_name,
        (e.value ->> 'since')::bigint as version
    from jsonb_each((select current_setting('vital.manifest')::jsonb) -> 'tables') as e
    where e.value ? 'since'
),
promised_columns as (
    select c.table_name, c.relation, coalesce(array_agg(a.attnum) filter (where a.attnum is not null), '{}') as numbers
    from (
{columns}
    ) as c
    left join pg_attribute as a on a.attrelid = c.relation and a.attname = c.column_name
    group by c.table_name, c.relation
),
promised_constraints as (
{constraints}
)
-- A table's name is also that of its row type.
select
    p.version,
    'type ' || t.oid::regtype as object,
    format('has the name of table %s', p.name) as fact,
    format('alter type %s rename to %I', t.oid::regtype, left(t.typname, 50) || '_other') as remedy
from promised_tables as p
join pg_namespace as n on n.nspname = p.schema_name
join pg_type as t on t.typnamespace = n.oid and t.typname = p.bare_name
left join pg_class as c on c.oid = t.typrelid
where c.oid is null
   or c.relkind = 'c'
union all
select
    p.version,
    format('%s %s', k.kind, c.oid::regclass),
    format('has the name of table %s', p.name),
    format('alter %s %s rename to %I', k.kind, c.oid::regclass, left(c.relname, 50) || '_other')
from promised_tables as p
join pg_namespace as n on n.nspname = p.schema_name
join pg_class as c on c.relnamespace = n.oid and c.relname = p.bare_name
cross join lateral (
    select case c.relkind
        when 'v' then 'view'
        when 'm' then 'materialized view'
        when 'f' then 'foreign table'
        when 'S' then 'sequence'
        when 'i' then 'index'
        when 'I' then 'index'
    end as kind
) as k
where k.kind is not null
union all
-- An index, alone or of a constraint.
select
    p.version,
    case when i.indexrelid is null then k.kind else 'index' end || ' ' || c.oid::regclass,
    case
        when i.indexrelid is null then format('has the name of an index of %s', p.table_name)
        when t.name <> p.table_name then format('is on table %s; the tenancy needs the name for one on %s', t.name, p.table_name)
        else format('is not the tenancy''s: %s', pg_get_indexdef(c.oid))
    end,
    format('alter %s %s rename to %I', k.kind, c.oid::regclass, left(c.relname, 50) || '_other')
from promised_constraints as p
join pg_namespace as n on n.nspname = split_part(p.table_name, '.', 1)
join pg_class as c on c.relnamespace = n.oid and c.relname = p.name
left join pg_index as i on i.indexrelid = c.oid
left join pg_constraint as owner on owner.conindid = c.oid and owner.contype in ('p', 'u', 'x')
left join promised_columns as columns on columns.relation = i.indrelid
cross join lateral (
    select
        i.indrelid::regclass::text as name,
        case c.relkind
            when 'r' then 'table'
            when 'p' then 'table'
            when 'v' then 'view'
            when 'm' then 'materialized view'
            when 'f' then 'foreign table'
            when 'S' then 'sequence'
            when 'c' then 'type'
            else 'index'
        end as kind
) as t (name, kind)
cross join lateral (select t.kind) as k
where p.takes_name
  and (
      t.name is distinct from p.table_name
      or not (
          {normal:pg_get_indexdef(c.oid)} = p.normal
          or owner.conname is not distinct from p.name
          or not exists (
              select
              from pg_depend as d
              where d.classid = 'pg_class'::regclass
                and d.objid = c.oid
                and d.refclassid = 'pg_class'::regclass
                and d.refobjid = i.indrelid
                and d.refobjsubid <> all (columns.numbers)
          )
          and i.indisunique = (p.normal ~ '^(createuniqueindex|unique|primarykey)')
      )
  )
union all
-- A constraint of a table. One that has an index was judged by it, if it is the same sort.
select
    p.version,
    format('constraint %I on %s', k.conname, p.table_name),
    format('is not the tenancy''s: %s', pg_get_constraintdef(k.oid)),
    format('alter table %s rename constraint %I to %I', p.table_name, k.conname, left(k.conname, 50) || '_other')
from promised_constraints as p
join promised_columns as columns on columns.table_name = p.table_name
join pg_constraint as k on k.conrelid = columns.relation and k.conname = p.name
where not p.is_index
  and {normal:pg_get_constraintdef(k.oid)} <> p.normal
  and (
      k.contype <> case
          when p.definition like 'CHECK%' then 'c'
          when p.definition like 'FOREIGN KEY%' then 'f'
          when p.definition like 'UNIQUE%' then 'u'
          else 'p'
      end
      or not k.conkey <@ columns.numbers
      or k.contype = 'f' and k.confrelid is distinct from to_regclass(substring(p.definition from 'REFERENCES ([^( ]+)'))
      -- The earlier form had checks of single values, and none over the sharing columns together.
      or k.contype = 'c' and cardinality(k.conkey) > 1 and p.table_name = 'public.agents'
  )
union all
-- A key of others on one of the tenancy's unique keys, which are made anew.
select
    p.version,
    format('constraint %I on %s', k.conname, k.conrelid::regclass),
    format('refers to %s by %I, which is made anew', p.table_name, p.name),
    format(
        'alter table %s drop constraint %I; afterwards, alter table %1$s add constraint %2$I %3$s',
        k.conrelid::regclass,
        k.conname,
        pg_get_constraintdef(k.oid)
    )
from promised_constraints as p
join pg_namespace as n on n.nspname = split_part(p.table_name, '.', 1)
join pg_class as c on c.relnamespace = n.oid and c.relname = p.name
join pg_constraint as k on k.conindid = c.oid and k.contype = 'f'
where p.takes_name
  and p.definition not like 'PRIMARY KEY%'
  and not exists (
      select
      from promised_constraints as o
      where o.table_name = k.conrelid::regclass::text
        and o.name = k.conname
  )
union all
select
    p.version,
    format('constraint %I on %s', k.conname, p.table_name),
    format('is the primary key, and not on the columns that the tenancy''s is on: %s', pg_get_constraintdef(k.oid)),
    format('alter table %s drop constraint %I', p.table_name, k.conname)
from promised_constraints as p
join pg_constraint as k on k.conrelid = to_regclass(p.table_name) and k.contype = 'p'
where p.definition like 'PRIMARY KEY%'
  and pg_get_constraintdef(k.oid) <> p.definition
union all
select
    (e.value ->> 'since')::bigint,
    format('trigger %I on %s', t.tgname, t.tgrelid::regclass),
    format('is not the tenancy''s: it calls %s', t.tgfoid::regprocedure),
    format('alter trigger %I on %s rename to %I', t.tgname, t.tgrelid::regclass, left(t.tgname, 50) || '_other')
from jsonb_each((select current_setting('vital.manifest')::jsonb) -> 'triggers') as e
join pg_trigger as t
    on t.tgrelid = to_regclass(e.value ->> 'table')
    and t.tgname = substr(e.key, length(e.value ->> 'table') + 2)
    and not t.tgisinternal
join pg_proc as f on f.oid = t.tgfoid
join pg_namespace as n on n.oid = f.pronamespace
where n.nspname not in ('vital_private', 'vital_retired')
  and (t.tgname, f.proname) not in (
      ('update_tenants_updated_at', 'update_updated_at_column'),
      ('update_user_tenants_updated_at', 'update_updated_at_column')
  )
