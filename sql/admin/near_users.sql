-- Addresses that an unknown one in lower case ($1) may have been meant for: of the same domain, or beginning alike.
-- Returns: email text

select lower(u.email::text) as email
from auth.users as u
where split_part(lower(u.email::text), '@', 2) = split_part($1::text, '@', 2)
   or left(lower(u.email::text), 3) = left($1::text, 3)
order by 1
limit 20000
