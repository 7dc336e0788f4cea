-- id: retired-functions
-- level: error
-- title: A function of the earlier tenancy can still be called
-- explanation: What objects of others used when the migrations replaced it lies in vital_retired. A policy calls it for
--   whoever reads the table, and it believes what the user says: a setting names the tenant, and nobody asks for a membership.
-- fix: Let what uses it call the function of the same name in public; then drop it.

select
    'retired-functions' as check_id,
    'error' as level,
    f.signature as object,
    'no privilege for API roles' as expected,
    format('open to %s%s', f.callers, coalesce(', used by ' || f.users, '')) as actual,
    null as explanation,
    format(
        E'-- review: who reads what uses it gets an error until that calls public.%s\nrevoke all on function %s from public, anon, authenticated;',
        f.name,
        f.signature
    ) as fix
from (
    select
        p.oid::regprocedure::text as signature,
        quote_ident(p.proname) as name,
        (
            select string_agg(r.rolname, ', ' order by r.rolname)
            from pg_roles as r
            where r.rolname in ('anon', 'authenticated')
              and has_function_privilege(r.oid, p.oid, 'EXECUTE')
        ) as callers,
        (
            select string_agg(distinct pg_describe_object(d.classid, d.objid, 0), ', ')
            from pg_depend as d
            where d.refclassid = 'pg_proc'::regclass
              and d.refobjid = p.oid
              and d.deptype = 'n'
        ) as users
    from pg_proc as p
    join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname = 'vital_retired'
) as f
where f.callers is not null
