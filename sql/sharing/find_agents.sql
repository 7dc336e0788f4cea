-- The agent with this id, else the one with this slug, else all with this name. Params: id uuid, text text
-- Returns: id uuid, name text, tenant_id uuid, sharing_mode text, shared_with uuid[]

select a.id, a.name::text, a.tenant_id, a.sharing_mode::text, a.shared_with
from public.agents as a
where a.id = $1::uuid
union all
select named.id, named.name, named.tenant_id, named.sharing_mode, named.shared_with
from (
    -- Where agents have no slug, the unqualified name is the null of the outer query.
    select found.*, rank() over (order by found.slug is distinct from $2::text) as rank
    from (values (null::text)) as absent (slug)
    cross join lateral (
        select a.id, a.name::text, a.tenant_id, a.sharing_mode::text, a.shared_with, slug
        from public.agents as a
        where $1::uuid is null
          and (a.name = $2::text or slug = $2::text)
        limit 10
    ) as found
) as named
where named.rank = 1
