-- The user with this id, else those with this e-mail address in any case. Params: id uuid, email text
-- Returns: id uuid, email text, requested text

select
    u.id,
    u.email::text,
    to_jsonb(u) -> 'raw_app_meta_data' ->> 'tenant_id' as requested
from auth.users as u
where u.id = $1::uuid
   or ($1::uuid is null and lower(u.email::text) = lower($2::text))
limit 3
