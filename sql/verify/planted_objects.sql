-- id: planted-objects
-- level: error
-- title: A function or operator may be run in place of the server's own, or belongs to a role of the API
-- explanation: In a schema of the search path, a function or operator of the same name for the exact types is taken instead of
--   the one in pg_catalog, and a function that a role of the API owns can be replaced by whoever has the role. Both run with
--   the rights of whoever calls them.
-- fix: Find out who made it and why, and drop it.

select
    'planted-objects' as check_id,
    'error' as level,
    o.object,
    o.expected,
    'owned by ' || o.owner::regrole as actual,
    null as explanation,
    format(
        E'-- review: find out who made it and why\ndrop %s if exists %s%s;',
        split_part(o.object, ' ', 1),
        substr(o.object, strpos(o.object, ' ') + 1),
        case o.class when 'pg_proc'::regclass then ' cascade' else '' end
    ) as fix
from (
    select
        case p.prokind when 'a' then 'aggregate ' when 'p' then 'procedure ' else 'function ' end || p.oid::regprocedure
            as object,
        p.proowner as owner,
        p.pronamespace as schema,
        'pg_proc'::regclass as class,
        p.oid,
        'none in place of the server''s' as expected,
        exists (
            select
            from pg_proc as b
            where b.pronamespace = 'pg_catalog'::regnamespace
              and b.proname = p.proname
        ) as is_shadowing
    from pg_proc as p
    -- Before thousands of names are written out.
    where p.pronamespace <> 'pg_catalog'::regnamespace
    union all
    select
        'operator ' || p.oid::regoperator,
        p.oprowner,
        p.oprnamespace,
        'pg_operator'::regclass,
        p.oid,
        'none in place of the server''s',
        exists (
            select
            from pg_operator as b
            where b.oprnamespace = 'pg_catalog'::regnamespace
              and b.oprname = p.oprname
        )
    from pg_operator as p
    where p.oprnamespace <> 'pg_catalog'::regnamespace
    union all
    select 'type ' || t.oid::regtype, t.typowner, t.typnamespace, 'pg_type'::regclass, t.oid, 'another owner', false
    from pg_type as t
    where t.typtype in ('d', 'e', 'r')
    union all
    select 'table ' || c.oid::regclass, c.relowner, c.relnamespace, 'pg_class'::regclass, c.oid, 'another owner', false
    from pg_class as c
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
) as o
join pg_namespace as n on n.oid = o.schema
join pg_roles as r on r.oid = o.owner
where n.oid in (
{path_schemas}
  )
  and n.nspname <> 'pg_catalog'
  and not r.rolsuper
  and (
      r.rolname in ('anon', 'authenticated', 'authenticator')
      or (
          o.is_shadowing
          and not exists (select from pg_class as a where a.oid = to_regclass('public.agents') and a.relowner = o.owner)
      )
  )
  and not exists (
      select
      from pg_depend as d
      where d.classid = o.class
        and d.objid = o.oid
        and d.deptype = 'e'
  )
  and not (
      o.class = 'pg_class'::regclass
      and o.oid in (
          select s.oid
          from (
{scope}
          ) as s
      )
  )
