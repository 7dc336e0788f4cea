-- The agents of each category, by how they are owned and shared. An orphan's owner is none or not active.
-- Returns: name text, total bigint, platform_owned bigint, globally_shared bigint, selectively_shared bigint,
--     private bigint, orphans bigint

with grouped as (
    select
        a.category,
        a.tenant_id,
        count(*) as total,
        count(*) filter (where a.sharing_mode = 'global') as globally_shared,
        count(*) filter (where a.sharing_mode = 'selective') as selectively_shared
    from public.agents as a
    group by a.category, a.tenant_id
)
select
    g.category::text as name,
    sum(g.total)::bigint as total,
    coalesce(sum(g.total) filter (where t.type = 'platform'), 0)::bigint as platform_owned,
    sum(g.globally_shared)::bigint as globally_shared,
    sum(g.selectively_shared)::bigint as selectively_shared,
    sum(g.total - g.globally_shared - g.selectively_shared)::bigint as private,
    coalesce(
        sum(g.total) filter (where t.id is null or t.status is distinct from 'active' or t.deleted_at is not null),
        0
    )::bigint as orphans
from grouped as g
left join public.tenants as t on t.id = g.tenant_id
group by g.category
order by g.category collate "C" nulls last
