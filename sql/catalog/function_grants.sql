-- Which of the two signed-in API roles may call the tenancy's functions.
-- Returns: object text, facts jsonb

select
    p.oid::regprocedure::text as object,
    (
        select coalesce(jsonb_object_agg(r.rolname, a.privilege_type), '{}')
        from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
        join pg_roles as r on r.oid = a.grantee
        where r.rolname in ('authenticated', 'service_role')
          and r.oid <> p.proowner
    ) as facts
from pg_proc as p
where p.oid in ({our_functions})
