-- Sets what holds for one transaction of the runner. Nothing outlives the transaction, so a pooler may sit between.
--
-- With transaction_timeout (17 and later) or a check interval that the server's system does not offer, the setting is
-- left alone. What is told as committed must outlive a crash, so a commit that would not wait for the disk is made to;
-- other values of synchronous_commit are about replicas, and stay. A lock wait of 300 ms ends before deadlock_timeout
-- (1 s) makes an autovacuum give way, hence the shorter one where the role may set it.
select
    set_config('lock_timeout', :'lock_timeout', true),
    set_config('statement_timeout', :'statement_timeout', true),
    set_config('idle_in_transaction_session_timeout', :'idle_timeout', true),
    set_config('exit_on_error', 'off', true),
    set_config('quote_all_identifiers', 'off', true),
    (
        select set_config(name, '0', true)
        from pg_catalog.pg_settings
        where name = 'transaction_timeout'
    ),
    (
        select set_config(name, '10s', true)
        from pg_catalog.pg_settings
        where name = 'client_connection_check_interval'
            and version() like '%linux%'
    ),
    case when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', true) end,
    (
        select set_config(name, '100ms', true)
        from pg_catalog.pg_settings
        where name = 'deadlock_timeout'
            and current_setting('is_superuser') = 'on'
    )
