-- The schemas of the tenancy, and what the API roles may do in them.
-- Returns: object text, facts jsonb

select
    quote_ident(n.nspname) as object,
    (
        select coalesce(jsonb_object_agg(g.grantee, g.privileges), '{}')
        from (
            select r.rolname as grantee, string_agg(a.privilege_type, ', ' order by a.privilege_type) as privileges
            from aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
            join pg_roles as r on r.oid = a.grantee
            where r.rolname in ('authenticated', 'service_role')
            group by r.rolname
        ) as g
    ) as facts
from pg_namespace as n
where n.nspname in ('vital_private', 'vital_retired')
