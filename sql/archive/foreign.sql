-- Lists what does not belong to vital and uses, or hangs on, what would be removed.
-- $1 text: {"removed": objects, "ours": objects}, both json objects with the arrays tables, columns, functions, indexes,
-- constraints, triggers and policies; tables and functions with their schema, the others by bare name
-- Returns: object text, uses text, fix text; names have their schema if search_path is empty of others

with names as (
    select r.kind, r.name, r.is_removed
    from (
        select k.key as kind, n.name, s.key = 'removed' as is_removed
        from jsonb_each($1::jsonb) as s,
            jsonb_each(s.value) as k,
            jsonb_array_elements_text(k.value) as n (name)
    ) as r
),
our_tables as (
    select to_regclass(n.name)::oid as oid
    from names as n
    where n.kind = 'tables'
      and not n.is_removed
    union all
    select to_regclass('public.agents')::oid
),
our_functions as (
    select p.oid, n.is_removed
    from names as n
    join pg_catalog.pg_proc as p on p.proname = split_part(n.name, '.', 2)
    join pg_catalog.pg_namespace as s on s.oid = p.pronamespace and s.nspname = split_part(n.name, '.', 1)
    where n.kind = 'functions'
),
removed_columns as (
    select a.attrelid, a.attnum
    from names as n
    join pg_catalog.pg_attribute as a
        on a.attrelid = to_regclass('public.agents')
        and a.attname = n.name
        and not a.attisdropped
    where n.kind = 'columns'
      and n.is_removed
      and a.attnum >= (
          select t.attnum
          from pg_catalog.pg_attribute as t
          where t.attrelid = a.attrelid
            and t.attname = 'tenant_id'
      )
),
removed (classid, objid, objsubid) as (
    select 'pg_catalog.pg_class'::regclass::oid, to_regclass(n.name)::oid, 0
    from names as n
    where n.kind = 'tables'
      and n.is_removed
      and to_regclass(n.name) is not null
    union all
    select 'pg_catalog.pg_type'::regclass::oid, t.oid, 0
    from names as n
    join pg_catalog.pg_class as c on c.oid = to_regclass(n.name)
    join pg_catalog.pg_type as r on r.oid = c.reltype
    join pg_catalog.pg_type as t on t.oid in (r.oid, r.typarray)
    where n.kind = 'tables'
      and n.is_removed
    union all
    select 'pg_catalog.pg_proc'::regclass::oid, f.oid, 0
    from our_functions as f
    where f.is_removed
    union all
    select 'pg_catalog.pg_class'::regclass::oid, c.attrelid, c.attnum
    from removed_columns as c
),
dependents as (
    select d.classid, d.objid, d.objsubid, d.refclassid, d.refobjid, d.refobjsubid
    from removed as r
    join pg_catalog.pg_depend as d
        on d.refclassid = r.classid
        and d.refobjid = r.objid
        and r.objsubid in (0, d.refobjsubid)
    where d.deptype in ('n', 'a')
      and not exists (
          select
          from removed as o
          where o.classid = d.classid
            and o.objid = d.objid
            and o.objsubid in (0, d.objsubid)
      )
),
-- A rule stands for its view, a default for its column.
described as (
    select
        case
            when w.oid is not null then 'pg_catalog.pg_class'::regclass::oid
            when f.oid is not null then 'pg_catalog.pg_class'::regclass::oid
            else d.classid
        end as classid,
        coalesce(w.ev_class, f.adrelid, d.objid) as objid,
        coalesce(f.adnum::integer, case when w.oid is null then d.objsubid else 0 end) as objsubid,
        pg_catalog.pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) as uses,
        f.oid as default_oid
    from dependents as d
    left join pg_catalog.pg_rewrite as w on d.classid = 'pg_catalog.pg_rewrite'::regclass and w.oid = d.objid
    left join pg_catalog.pg_attrdef as f on d.classid = 'pg_catalog.pg_attrdef'::regclass and f.oid = d.objid
),
judged as (
    select
        d.*,
        c.relkind,
        c.oid::regclass::text as relation,
        k.conname,
        k.conrelid,
        t.tgname,
        t.tgrelid,
        p.polname,
        p.polrelid
    from described as d
    left join pg_catalog.pg_class as c on d.classid = 'pg_catalog.pg_class'::regclass and c.oid = d.objid
    left join pg_catalog.pg_constraint as k on d.classid = 'pg_catalog.pg_constraint'::regclass and k.oid = d.objid
    left join pg_catalog.pg_trigger as t on d.classid = 'pg_catalog.pg_trigger'::regclass and t.oid = d.objid
    left join pg_catalog.pg_policy as p on d.classid = 'pg_catalog.pg_policy'::regclass and p.oid = d.objid
    where (
        d.default_oid is not null
        and exists (
            select
            from removed as o
            where o.classid = d.classid
              and o.objid = d.objid
              and o.objsubid in (0, d.objsubid)
        )
    ) is not true
      and t.tgisinternal is not true
      and (k.contype in ('n', 'p') and k.conrelid in (select o.oid from our_tables as o)) is not true
      and (
          coalesce(k.conrelid, t.tgrelid, p.polrelid) in (select o.oid from our_tables as o)
          and coalesce(k.conname, t.tgname, p.polname) in (
              select n.name
              from names as n
              where n.kind in ('constraints', 'triggers', 'policies')
          )
      ) is not true
      and (
          c.relkind = 'i'
          and c.relname in (select n.name from names as n where n.kind in ('indexes', 'constraints'))
          and exists (
              select
              from pg_catalog.pg_index as i
              where i.indexrelid = c.oid
                and i.indrelid in (select o.oid from our_tables as o)
          )
      ) is not true
      -- What the earlier form had besides goes with it.
      and not exists (
          select
          from vital_private.adopted_objects as a
          where a.kind = 'index'
            and c.relkind = 'i'
            and a.name = c.relname
            and exists (
                select
                from pg_catalog.pg_index as i
                where i.indexrelid = c.oid
                  and i.indrelid = to_regclass(a.table_name)
            )
      )
      and not exists (
          select
          from vital_private.adopted_objects as a
          where a.kind = 'constraint'
            and a.name = k.conname
            and to_regclass(a.table_name) = k.conrelid
      )
      and (
          d.classid = 'pg_catalog.pg_proc'::regclass
          and d.objid in (select f.oid from our_functions as f)
      ) is not true
)
select
    pg_catalog.pg_describe_object(j.classid, j.objid, j.objsubid) as object,
    string_agg(distinct j.uses, ', ' order by j.uses) as uses,
    min(
        case
            when j.default_oid is not null then format(
                'alter table %s alter column %I drop default',
                j.relation,
                (select a.attname from pg_catalog.pg_attribute as a where a.attrelid = j.objid and a.attnum = j.objsubid)
            )
            when j.relkind = 'v' then format('drop view %s', j.relation)
            when j.relkind = 'm' then format('drop materialized view %s', j.relation)
            when j.relkind in ('i', 'I') then format('drop index %s', j.relation)
            when j.relkind in ('r', 'p') and j.objsubid > 0 then format(
                'alter table %s drop column %I',
                j.relation,
                (select a.attname from pg_catalog.pg_attribute as a where a.attrelid = j.objid and a.attnum = j.objsubid)
            )
            when j.conname is not null and j.conrelid <> 0
                then format('alter table %s drop constraint %I', j.conrelid::regclass, j.conname)
            when j.tgname is not null then format('drop trigger %I on %s', j.tgname, j.tgrelid::regclass)
            when j.polname is not null then format('drop policy %I on %s', j.polname, j.polrelid::regclass)
            when j.classid = 'pg_catalog.pg_proc'::regclass then format('drop routine %s', j.objid::regprocedure)
            else 'drop or change it'
        end
    ) as fix
from judged as j
-- What another run removes meanwhile is in the statement's snapshot and has no description any more.
where pg_catalog.pg_describe_object(j.classid, j.objid, j.objsubid) is not null
  and j.uses is not null
group by 1
order by 1
