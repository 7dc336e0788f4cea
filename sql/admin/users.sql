-- Users by id ($1) or by address in lower case ($2), which are of the same length, null where the other is given.
-- Returns: n bigint, id uuid, email text

select wanted.n, u.id, u.email::text as email
from unnest($1::uuid[]) with ordinality as wanted (id, n)
join auth.users as u on u.id = wanted.id
union all
select wanted.n, u.id, u.email::text
from unnest($2::text[]) with ordinality as wanted (email, n)
join auth.users as u on lower(u.email::text) = wanted.email
order by 1, 2
