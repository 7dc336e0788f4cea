-- id: other-grants
-- level: warning
-- title: A role that is neither the owner's nor the API's holds a privilege on the tenancy
-- explanation: Row security shows such a role nothing unless it bypasses it, but functions that trust their caller do not
--   look at who that is.
-- fix: Revoke it, or note an exception.

select
    'other-grants' as check_id,
    'warning' as level,
    g.object,
    'no privilege' as expected,
    format('%s: %s', g.grantee, string_agg(distinct g.privilege, ', ' order by g.privilege)) as actual,
    null as explanation,
    format(E'-- review: somebody may rely on it\nrevoke all on %s from %s;', g.object, g.grantee) as fix
from (
    select
        'table ' || c.oid::regclass as object,
        a.grantee::regrole::text as grantee,
        a.privilege_type as privilege,
        a.grantee as grantee_oid,
        c.relowner as owner
    from pg_class as c
    cross join lateral aclexplode(c.relacl) as a
    where c.oid in ({our_tables})
      and a.grantee <> 0
    union all
    select 'function ' || p.oid::regprocedure, a.grantee::regrole::text, a.privilege_type, a.grantee, p.proowner
    from pg_proc as p
    cross join lateral aclexplode(p.proacl) as a
    where p.oid in ({our_functions})
      and (select current_setting('vital.promise')::jsonb) -> 'functions' ? p.oid::regprocedure::text
      and a.grantee <> 0
) as g
join pg_roles as r on r.oid = g.grantee_oid
where g.grantee_oid <> g.owner
  and r.rolname not in ('anon', 'authenticated', 'service_role')
  and not r.rolsuper
  and not pg_has_role(r.oid, g.owner, 'MEMBER')
group by g.object, g.grantee
