-- Locks the chosen agents, in one order for everybody.
-- Returns: count bigint

select count(*)
from (
    select a.id
    from public.agents as a
    where a.id in (select c.id from change as c)
    order by a.id
    for update
) as locked
