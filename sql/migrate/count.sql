-- Counts the agents; for tables of moderate size.
select count(*)::text as json
from public.agents
