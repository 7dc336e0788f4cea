-- What the two signed-in API roles may do with single columns. A user may insert into every column of agents but id;
-- of columns that are not the tenancy's, only what goes beyond that is told.
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
  and (
      a.attrelid <> to_regclass('public.agents')
      or (g.grantee, g.privileges) <> ('authenticated', 'INSERT')
      or a.attname in (
          'id',
          'tenant_id',
          'is_shared',
          'sharing_mode',
          'shared_with',
          'resource_type',
          'tags',
          'category',
          'access_count',
          'last_accessed_at',
          'created_by_user_id'
      )
  )
group by a.attrelid, a.attname
