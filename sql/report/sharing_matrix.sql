-- How many selective agents of one tenant another one receives. A recipient that is named twice counts once.
-- Returns: owner_id uuid (null: no tenant), viewer_id uuid, agents bigint

select
    place.tenant_id as owner_id,
    place.recipient_id as viewer_id,
    count(*) as agents
from (
    -- Set-returning functions in the list cost a fraction of a lateral join; both count along.
    select
        a.tenant_id,
        a.shared_with,
        unnest(a.shared_with) as recipient_id,
        generate_subscripts(a.shared_with, 1) as number
    from public.agents as a
    where a.sharing_mode = 'selective'
) as place
where place.recipient_id is distinct from place.tenant_id
  and array_position(place.shared_with, place.recipient_id) = place.number
group by place.tenant_id, place.recipient_id
