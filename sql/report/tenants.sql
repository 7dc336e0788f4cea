-- Every tenant of a status ($1, null for every status but deleted) and a type ($2, null for every type).
-- Returns: id uuid, slug text, name text, type text, status text, tier text, members bigint, agents bigint,
--          created_at timestamptz

select
    t.id,
    t.slug::text as slug,
    t.name::text as name,
    t.type::text as type,
    t.status::text as status,
    t.subscription_tier::text as tier,
    coalesce(m.members, 0) as members,
    coalesce(a.agents, 0) as agents,
    t.created_at
from public.tenants as t
left join (
    select m.tenant_id, count(*) as members
    from public.user_tenants as m
    where m.status = 'active'
    group by m.tenant_id
) as m on m.tenant_id = t.id
left join (
    select a.tenant_id, count(*) as agents
    from public.agents as a
    group by a.tenant_id
) as a on a.tenant_id = t.id
where case when $1::text is null then t.status is distinct from 'deleted' else t.status = $1 end
  and ($2::text is null or t.type = $2)
order by t.type <> 'platform', t.slug
