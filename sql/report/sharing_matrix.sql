-- How many selective agents of one tenant another one receives. A recipient that is named twice counts once.
-- Returns: owner_id uuid (null: no tenant), viewer_id uuid, agents bigint

select
    a.tenant_id as owner_id,
    recipient.id as viewer_id,
    count(*) as agents
from public.agents as a
cross join lateral unnest(a.shared_with) with ordinality as recipient (id, place)
where a.sharing_mode = 'selective'
  and recipient.id is distinct from a.tenant_id
  and array_position(a.shared_with, recipient.id) = recipient.place
group by a.tenant_id, recipient.id
