-- Tenants by id ($1) or slug ($2).
-- Returns: id uuid, slug text, name text, type text, status text

select t.id, t.slug::text as slug, t.name::text as name, t.type::text as type, t.status::text as status
from public.tenants as t
where t.id = any ($1::uuid[])
   or t.slug = any ($2::text[])
