-- What the two signed-in API roles may do with the tenancy's tables and with whatever else is in its schemas.
-- Returns: object text, facts jsonb

select
    c.oid::regclass::text as object,
    g.facts
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
left join ({our_tables}) as ours (oid) on ours.oid = c.oid
cross join lateral (
    select coalesce(jsonb_object_agg(h.grantee, h.privileges), '{}') as facts
    from (
        select
            r.rolname as grantee,
            string_agg(
                a.privilege_type || case when a.is_grantable then ', GRANT OPTION FOR ' || a.privilege_type else '' end,
                ', '
                order by a.privilege_type
            ) as privileges
        from aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) as a
        join pg_roles as r on r.oid = a.grantee
        where r.rolname in ('authenticated', 'service_role')
          and r.oid <> c.relowner
        group by r.rolname
    ) as h
) as g
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and (
      ours.oid is not null
      or (n.nspname in ('vital_private', 'vital_retired', 'vital_archive') and g.facts <> '{}')
  )
