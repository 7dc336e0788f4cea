-- Lifts the session's time limits for an index build, which may take hours and runs in no transaction.
select set_config(name, '0', false)
from pg_catalog.pg_settings
where name in ('statement_timeout', 'lock_timeout', 'transaction_timeout')
    and setting <> '0'
