-- Lifts the session's time limits for an index build, which may take hours and runs in no transaction, and lets the
-- server end it if the client is gone. The path comes first, so that no operator of others is part of the index.
set search_path = pg_catalog, pg_temp;

select set_config(s.name, case s.name when 'client_connection_check_interval' then '10s' else '0' end, false)
from pg_catalog.pg_settings as s
where s.name in ('statement_timeout', 'lock_timeout', 'transaction_timeout')
    and s.setting <> '0'
    or s.name = 'client_connection_check_interval'
        and version() like '%linux%'
