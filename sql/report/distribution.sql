-- How the agents are owned and shared.
-- Returns: total bigint, platform_owned bigint, globally_shared bigint, selectively_shared bigint, private bigint

select
    count(*) as total,
    count(*) filter (where t.type = 'platform') as platform_owned,
    count(*) filter (where a.sharing_mode = 'global') as globally_shared,
    count(*) filter (where a.sharing_mode = 'selective') as selectively_shared,
    count(*) filter (where a.sharing_mode = 'private') as private
from public.agents as a
left join public.tenants as t on t.id = a.tenant_id
