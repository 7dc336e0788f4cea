-- What users ($1) are in tenants ($2), pair by pair.
-- Returns: n bigint, role text, status text

select wanted.n, m.role::text as role, m.status::text as status
from unnest($1::uuid[], $2::uuid[]) with ordinality as wanted (user_id, tenant_id, n)
join public.user_tenants as m on m.user_id = wanted.user_id and m.tenant_id = wanted.tenant_id
order by wanted.n
