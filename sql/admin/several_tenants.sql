-- Which of these users ($1) are active members of several active tenants.
-- Returns: id uuid

select m.user_id as id
from public.user_tenants as m
join public.tenants as t on t.id = m.tenant_id
where m.user_id = any ($1::uuid[])
  and m.status = 'active'
  and t.status = 'active'
  and t.deleted_at is null
group by m.user_id
having count(*) > 1
