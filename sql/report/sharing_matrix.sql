-- How many selective agents of one tenant another one receives. A recipient that is named twice counts once.
-- Returns: owner_id uuid (null: no tenant), viewer_id uuid, agents bigint

select
    a.tenant_id as owner_id,
    recipient.id as viewer_id,
    count(*) as agents
from public.agents as a
cross join lateral (select distinct unnest(a.shared_with)) as recipient (id)
where a.sharing_mode = 'selective'
  and recipient.id is distinct from a.tenant_id
group by a.tenant_id, recipient.id
