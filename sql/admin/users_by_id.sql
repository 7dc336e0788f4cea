-- Users by id alone, where auth.users has no addresses.
-- Returns: n bigint, id uuid, email text, always null

select wanted.n, u.id, null::text as email
from unnest($1::uuid[]) with ordinality as wanted (id, n)
join auth.users as u on u.id = wanted.id
order by 1
