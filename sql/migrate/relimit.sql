-- Puts the session's time limits and path back.
select set_config(s.name, s.reset_val, false)
from pg_catalog.pg_settings as s
where s.name in ('statement_timeout', 'lock_timeout', 'transaction_timeout', 'client_connection_check_interval')
    and s.setting <> s.reset_val;

reset search_path
