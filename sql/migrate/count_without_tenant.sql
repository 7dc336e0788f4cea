-- Counts the agents without a tenant; for tables of moderate size.
select count(*)::text as json
from public.agents
where tenant_id is null
