-- The roles of a user ($1) that belong to no tenant.
-- Returns: role text

select r.role::text as role
from public.user_roles as r
where r.user_id = $1::uuid
  and r.tenant_id is null
order by 1
