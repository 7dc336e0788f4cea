-- What the acting user sees, and by which rule. Run as role authenticated.
-- Returns: visible bigint, own bigint, globally_shared bigint, selectively_shared bigint, private_of_others bigint

with acting as (
    select public.get_current_tenant_id() as tenant_id
)
select
    count(*) as visible,
    count(*) filter (where a.tenant_id is not distinct from acting.tenant_id) as own,
    count(*) filter (
        where a.sharing_mode = 'global'
          and a.tenant_id is distinct from acting.tenant_id
    ) as globally_shared,
    count(*) filter (
        where a.sharing_mode = 'selective'
          and a.tenant_id is distinct from acting.tenant_id
    ) as selectively_shared,
    count(*) filter (
        where a.sharing_mode = 'private'
          and a.tenant_id is distinct from acting.tenant_id
    ) as private_of_others
from public.agents as a
cross join acting
