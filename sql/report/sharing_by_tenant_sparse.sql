-- The same as sharing_by_tenant.sql, without reading the private agents: what a tenant owns is counted in an index, and only
-- agents that are shared are read. Cheaper where most agents are private.
--
-- Each tenant with the agents it owns by mode, those it receives, and those its members see; one row more, without a
-- tenant, for agents that have none. A tenant that is not active opens nothing to its members: they see global agents only.
-- Returns: id uuid, slug text, name text, type text, status text, is_active boolean, owned bigint, private bigint,
--     selective bigint, global bigint, received bigint, visible bigint

with pair as (
    -- A row for each owner and recipient; the null recipient's has the owner's global agents.
    select
        place.tenant_id,
        place.recipient_id,
        count(*) filter (where place.sharing_mode = 'global') as global,
        count(*) filter (where place.sharing_mode = 'selective' and place.number = 1) as selective,
        count(*) filter (where place.recipient_id is distinct from place.tenant_id) as received
    from (
        -- Set-returning functions in the list cost a fraction of a lateral join; both count along.
        select
            a.tenant_id,
            a.sharing_mode,
            unnest(case when a.sharing_mode = 'selective' then a.shared_with else '{null}' end) as recipient_id,
            generate_series(1, case when a.sharing_mode = 'selective' then cardinality(a.shared_with) else 1 end) as number
        from public.agents as a
        where a.sharing_mode = 'global'
           or a.sharing_mode = 'selective'
    ) as place
    group by place.tenant_id, place.recipient_id
),
owned as (
    select
        part.tenant_id,
        sum(part.owned)::bigint as owned,
        sum(part.global)::bigint as global,
        sum(part.selective)::bigint as selective
    from (
        select
            a.tenant_id,
            count(*) as owned,
            0 as global,
            0 as selective
        from public.agents as a
        group by a.tenant_id
        union all
        select
            p.tenant_id,
            0,
            p.global,
            p.selective
        from pair as p
    ) as part
    group by part.tenant_id
),
received as (
    select
        p.recipient_id as tenant_id,
        sum(p.received)::bigint as received
    from pair as p
    where p.received > 0
    group by p.recipient_id
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
