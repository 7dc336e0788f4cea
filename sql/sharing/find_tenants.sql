-- The tenants that these slugs or uuids name. Params: texts text[]
-- Returns: position bigint, id uuid, slug text, name text, status text

select
    wanted.position,
    t.id,
    t.slug::text,
    t.name::text,
    coalesce(case when t.deleted_at is null then t.status else 'deleted' end, 'unknown')::text as status
from unnest($1::text[]) with ordinality as wanted (text, position)
join public.tenants as t
    on t.slug = wanted.text
    or t.id = (case when wanted.text ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then wanted.text end)::uuid
order by wanted.position
