-- Each tenant with the agents it owns by mode, those it receives, and those its members see; one row more, without a
-- tenant, for agents that have none. A tenant that is not active opens nothing to its members: they see global agents only.
-- Returns: id uuid, slug text, name text, type text, status text, is_active boolean, owned bigint, private bigint,
--     selective bigint, global bigint, received bigint, visible bigint

with owned as (
    select
        a.tenant_id,
        count(*) as owned,
        count(*) filter (where a.sharing_mode = 'global') as global,
        count(*) filter (where a.sharing_mode = 'selective') as selective
    from public.agents as a
    group by a.tenant_id
),
received as (
    select
        recipient.id as tenant_id,
        count(*) as received
    from public.agents as a
    cross join lateral unnest(a.shared_with) as recipient (id)
    where a.sharing_mode = 'selective'
      and recipient.id is distinct from a.tenant_id
    group by recipient.id
)
select
    t.id,
    t.slug::text,
    t.name::text,
    t.type::text,
    case when t.deleted_at is null then t.status else 'deleted' end::text as status,
    coalesce(t.status = 'active' and t.deleted_at is null, false) as is_active,
    coalesce(o.owned, 0) as owned,
    coalesce(o.owned - o.selective - o.global, 0) as private,
    coalesce(o.selective, 0) as selective,
    coalesce(o.global, 0) as global,
    coalesce(r.received, 0) as received,
    (coalesce(sum(o.global) over (), 0) + case
        when t.status = 'active' and t.deleted_at is null
            then coalesce(o.owned - o.global, 0) + coalesce(r.received, 0)
        else 0
    end)::bigint as visible
from public.tenants as t
full join owned as o on o.tenant_id = t.id
left join received as r on r.tenant_id = t.id
order by t.type is distinct from 'platform', t.slug collate "C"
