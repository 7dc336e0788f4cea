-- The tenant that an account's app_metadata asks for, as its tokens do. Params: user uuid
-- Returns: requested text

select to_jsonb(u) -> 'raw_app_meta_data' ->> 'tenant_id' as requested
from auth.users as u
where u.id = $1::uuid
