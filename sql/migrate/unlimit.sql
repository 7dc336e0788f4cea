-- Lifts the session's time limits for an index build, which may take hours and runs in no transaction, and lets the
-- server end it if the client is gone.
select set_config(name, case name when 'client_connection_check_interval' then '10s' else '0' end, false)
from pg_catalog.pg_settings
where name in ('statement_timeout', 'lock_timeout', 'transaction_timeout')
    and setting <> '0'
    or name = 'client_connection_check_interval'
        and version() like '%linux%'
