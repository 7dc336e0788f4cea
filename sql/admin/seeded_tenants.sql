-- The tenants that migrations seeded under these slugs ($1) and that have another by now.
-- Returns: seeded text, id uuid, slug text, name text, type text, status text

select s.name as seeded, t.id, t.slug::text as slug, t.name::text as name, t.type::text as type, t.status::text as status
from vital_private.seeded_tenants as s
join public.tenants as t on t.id = s.tenant_id
where s.name = any ($1::text[])
