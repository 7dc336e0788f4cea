-- The slug under which the migrations seed a tenant ($1); no row for a tenant of others.
-- Returns: slug text

select coalesce(s.name, 'vital-platform') as slug
from public.tenants as t
left join vital_private.seeded_tenants as s on s.tenant_id = t.id
where t.id = $1::uuid
  and (s.name is not null or t.type = 'platform')
