-- Lets the triggers of others see, for one statement, the search_path that they see in any session of this role. The
-- statement itself looks pg_catalog up first, and uses nothing but operators of it on exactly their types.
select set_config('search_path', 'pg_catalog, ' || s.reset_val, true)
from pg_catalog.pg_settings as s
where s.name = 'search_path'
