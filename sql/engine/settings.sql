-- Sets what the meaning of a statement depends on, for one transaction. Nothing outlives the transaction, so a pooler may
-- sit between, and nothing that ALTER ROLE SET, ALTER DATABASE SET, an option of the URL or an earlier client of a pooled
-- session left behind reaches a statement of this product.
--
-- The path is first, by a statement that looks nothing up: from then on every operator, function and type is that of
-- pg_catalog, whoever may create others elsewhere.
set local search_path = pg_catalog, pg_temp;
-- The preset limit may be shorter than what follows takes in a new session.
set local statement_timeout = 0;

-- A setting that the server does not know is left alone. What is told as committed must outlive a crash, so a commit that
-- would not wait for the disk is made to; other values of synchronous_commit are about replicas, and stay. A lock wait of
-- 300 ms ends before deadlock_timeout (1 s) makes an autovacuum give way, hence the shorter one where the role may set it.
-- No command is meant to be run as a role of the API.
select
    set_config('lock_timeout', :'lock_timeout', true),
    set_config('statement_timeout', :'statement_timeout', true),
    set_config('idle_in_transaction_session_timeout', :'idle_timeout', true),
    case
        when current_setting('transaction_timeout', true) <> '0' then set_config('transaction_timeout', '0', true)
    end,
    case
        when current_setting('client_connection_check_interval', true) is not null and version() like '%linux%'
            then set_config('client_connection_check_interval', '10s', true)
    end,
    case
        when current_setting('is_superuser') = 'on' then set_config('deadlock_timeout', '100ms', true)
    end,
    case
        when current_setting('synchronous_commit') = 'off' then set_config('synchronous_commit', 'on', true)
    end,
    case
        when current_setting('role') in ('anon', 'authenticated') then set_config('role', 'none', true)
    end,
    set_config('row_security', 'on', true),
    set_config('exit_on_error', 'off', true),
    set_config('quote_all_identifiers', 'off', true),
    set_config('array_nulls', 'on', true),
    set_config('transform_null_equals', 'off', true),
    set_config('standard_conforming_strings', 'on', true),
    set_config('gin_fuzzy_search_limit', '0', true),
    set_config('datestyle', 'ISO, YMD', true),
    set_config('intervalstyle', 'postgres', true),
    set_config('timezone', 'UTC', true),
    set_config('extra_float_digits', '1', true),
    set_config('bytea_output', 'hex', true),
    set_config('xmloption', 'content', true),
    (
        select count(set_config(preset.name, '', true))
        from (
            values
                ('request.jwt.claims'),
                ('request.jwt.claim.sub'),
                ('request.jwt.claim.role'),
                ('request.headers'),
                ('request.method'),
                ('request.path'),
                ('app.tenant_id'),
                ('app.tenant_user'),
                ('vital.operator'),
                ('vital.replace_policies'),
                ('vital.adoption'),
                ('vital.manifest')
        ) as preset (name)
        where current_setting(preset.name, true) <> ''
    ),
    case
        when current_setting('session_replication_role') <> 'origin' and current_setting('is_superuser') = 'on'
            then set_config('session_replication_role', 'origin', true)
    end,
    current_setting('session_replication_role') as replication_role
