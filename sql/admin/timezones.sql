-- The names of the time zones that the server knows.
-- Returns: name text

select z.name
from pg_catalog.pg_timezone_names as z
order by z.name
