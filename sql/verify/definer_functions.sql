-- id: definer-functions
-- level: error
-- title: A function that API roles may call reads tenants' tables with its owner's rights
-- explanation: A security definer function runs as its owner, whom row security does not bind: it answers about every
--   tenant unless its own text checks the caller. The tenancy's own functions are compared with the promise instead.
-- fix: Make it security invoker, or take it from the API roles. If its text checks the caller, note an exception.

with scope as (
{scope}
)
select
    'definer-functions' as check_id,
    'error' as level,
    f.signature as object,
    'security invoker, or no privilege for API roles' as expected,
    format('reads %s as %s, open to %s', string_agg(distinct s.name, ', ' order by s.name), f.owner, f.callers) as actual,
    null as explanation,
    format(E'-- review: it will see what its caller sees\nalter function %s security invoker;', f.signature) as fix
from (
    select
        p.oid,
        p.oid::regprocedure::text as signature,
        pg_get_userbyid(p.proowner) as owner,
        p.proowner,
        o.rolsuper or o.rolbypassrls as is_bypassing,
        regexp_split_to_array(lower(p.prosrc), '[^a-z0-9_$]+') as words,
        called.callers
    from pg_proc as p
    join pg_language as l on l.oid = p.prolang
    join pg_roles as o on o.oid = p.proowner
    join pg_namespace as n on n.oid = p.pronamespace
    cross join lateral (
        select string_agg(r.rolname, ', ' order by r.rolname) as callers
        from pg_roles as r
        where r.rolname in ('anon', 'authenticated')
          and has_function_privilege(r.oid, p.oid, 'EXECUTE')
          and has_schema_privilege(r.oid, n.oid, 'USAGE')
    ) as called
    where p.prosecdef
      and p.prokind in ('f', 'p')
      and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
      and l.lanname not in ('internal', 'c')
      and n.nspname not in ('pg_catalog', 'information_schema')
      and called.callers is not null
      and not (select current_setting('vital.promise')::jsonb) -> 'functions' ? p.oid::regprocedure::text
      and not exists (
          select
          from pg_depend as d
          where d.classid = 'pg_proc'::regclass
            and d.objid = p.oid
            and d.deptype = 'e'
      )
) as f
join scope as s
    on (s.is_ours or s.tenant_column ~ 'tenant')
    and (
        s.relname::text = any (f.words)
        or exists (
            select
            from pg_depend as d
            where d.classid = 'pg_proc'::regclass
              and d.objid = f.oid
              and d.refclassid = 'pg_class'::regclass
              and d.refobjid = s.oid
        )
    )
where f.is_bypassing
   or not s.row_security
   or pg_has_role(f.proowner, s.relowner, 'USAGE')
group by f.signature, f.owner, f.callers
