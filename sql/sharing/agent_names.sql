-- Names that may have been meant.
-- Returns: name text

select a.name::text
from public.agents as a
order by a.created_at desc
limit 10000
