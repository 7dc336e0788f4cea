-- Every tenant.
-- Returns: id uuid, slug text, name text, status text

select
    t.id,
    t.slug::text,
    t.name::text,
    coalesce(case when t.deleted_at is null then t.status else 'deleted' end, 'unknown')::text as status
from public.tenants as t
order by t.slug collate "C"
