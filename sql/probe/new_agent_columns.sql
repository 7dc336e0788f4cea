-- The columns of vital.new_agent, each followed by a comma.
-- Returns: columns text

select coalesce(string_agg(quote_ident(v.key) || ', ', '' order by v.key), '') as columns
from jsonb_object_keys(current_setting('vital.new_agent')::jsonb) as v (key)
