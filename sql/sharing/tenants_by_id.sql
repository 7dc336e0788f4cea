-- The tenants with these ids that exist. Params: ids uuid[]
-- Returns: id uuid, slug text, name text, status text

select
    t.id,
    t.slug::text,
    t.name::text,
    coalesce(case when t.deleted_at is null then t.status else 'deleted' end, 'unknown')::text as status
from public.tenants as t
where t.id = any ($1::uuid[])
order by t.slug collate "C"
