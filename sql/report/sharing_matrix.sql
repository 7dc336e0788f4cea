-- How many selective agents of one tenant another one receives. A constraint sees to it that nobody is named twice.
-- Returns: owner_id uuid (null: no tenant), viewer_id uuid, agents bigint

select
    place.tenant_id as owner_id,
    place.recipient_id as viewer_id,
    count(*) as agents
from (
    -- A set-returning function in the list costs a fraction of a lateral join.
    select
        a.tenant_id,
        unnest(a.shared_with) as recipient_id
    from public.agents as a
    where a.sharing_mode = 'selective'
) as place
where place.recipient_id is distinct from place.tenant_id
group by place.tenant_id, place.recipient_id
