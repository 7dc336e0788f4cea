-- Puts the session's time limits back.
select set_config(name, reset_val, false)
from pg_catalog.pg_settings
where name in ('statement_timeout', 'lock_timeout', 'transaction_timeout', 'client_connection_check_interval')
    and setting <> reset_val
