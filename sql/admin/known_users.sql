-- Users to choose from, where auth.users can be read.
-- Returns: id uuid, email text

select u.id, u.email::text as email
from auth.users as u
order by lower(u.email::text), u.id
limit 5000
