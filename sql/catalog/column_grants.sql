-- What the two signed-in API roles may do with single columns.
-- Returns: object text, facts jsonb

select
    format('%s.%I', a.attrelid::regclass, a.attname) as object,
    jsonb_object_agg(g.grantee, g.privileges) || jsonb_build_object('table', a.attrelid::regclass::text) as facts
from pg_attribute as a
cross join lateral (
    select
        r.rolname as grantee,
        string_agg(
            e.privilege_type || case when e.is_grantable then ', GRANT OPTION FOR ' || e.privilege_type else '' end,
            ', '
            order by e.privilege_type
        ) as privileges
    from aclexplode(a.attacl) as e
    join pg_roles as r on r.oid = e.grantee
    where r.rolname in ('authenticated', 'service_role')
    group by r.rolname
) as g
where a.attrelid in ({our_tables})
  and a.attnum > 0
  and not a.attisdropped
group by a.attrelid, a.attname
