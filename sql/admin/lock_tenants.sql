-- Makes everybody who changes members of these tenants ($1) wait for one another.
-- Returns: id uuid

select t.id
from public.tenants as t
where t.id = any ($1::uuid[])
order by t.id
for no key update
