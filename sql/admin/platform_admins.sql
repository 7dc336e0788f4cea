-- The platform admins.
-- Returns: id uuid, granted_at timestamptz, granted_by uuid

select r.user_id as id, r.created_at as granted_at, r.granted_by
from public.user_roles as r
where r.role = 'platform_admin'
  and r.tenant_id is null
order by r.created_at, r.user_id
