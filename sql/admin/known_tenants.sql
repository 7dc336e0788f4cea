-- Tenants to choose from.
-- Returns: id uuid, slug text, name text, type text, status text

select t.id, t.slug::text as slug, t.name::text as name, t.type::text as type, t.status::text as status
from public.tenants as t
order by t.type <> 'platform', t.slug
limit 20000
