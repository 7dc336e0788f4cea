-- Users to choose from, where auth.users cannot be read: those that have a membership or a role.
-- Returns: id uuid, email text, always null

select known.id, null::text as email
from (
    select m.user_id
    from public.user_tenants as m
    union
    select r.user_id
    from public.user_roles as r
) as known (id)
order by known.id
limit 5000
