-- Describes this session, the server and the way between them, as a JSON object.
select jsonb_build_object(
    'server_version', current_setting('server_version'),
    'server_version_num', current_setting('server_version_num')::int,
    'database', current_database(),
    'session_user', session_user,
    'current_user', current_user,
    'is_superuser', r.rolsuper,
    'bypasses_rls', r.rolbypassrls,
    'creates_roles', r.rolcreaterole,
    'backend_pid', pg_backend_pid(),
    'backend_age_ms', (
        select (extract(epoch from clock_timestamp() - a.backend_start) * 1000)::int8
        from pg_catalog.pg_stat_activity as a
        where a.pid = pg_backend_pid()
    ),
    'server_address', host(inet_server_addr()),
    'server_port', inet_server_port(),
    'client_address', host(inet_client_addr()),
    'is_loopback', coalesce(inet_server_addr() <<= inet '127.0.0.0/8' or inet_server_addr() = inet '::1', false),
    'tls', (
        select jsonb_build_object('version', s.version, 'cipher', s.cipher, 'bits', s.bits, 'client', s.client_dn)
        from pg_catalog.pg_stat_ssl as s
        where s.pid = pg_backend_pid()
          and s.ssl
    ),
    'in_recovery', pg_is_in_recovery(),
    'synchronous_standbys', case
        when current_setting('synchronous_commit') in ('off', 'local') then ''
        else current_setting('synchronous_standby_names')
    end,
    'clock_ms', (extract(epoch from clock_timestamp()) * 1000)::int8,
    -- Those that leave the fewest connections come first; a superuser is bound by the server's only.
    'connections', (
        select jsonb_agg(to_jsonb(l) order by l.allowed - l.used, l.whose)
        from (
            select
                'server' as whose,
                (select count(*) from pg_catalog.pg_stat_activity as a where a.backend_type = 'client backend') as used,
                current_setting('max_connections')::int - case
                    when r.rolsuper then 0
                    else current_setting('superuser_reserved_connections')::int
                        + coalesce(current_setting('reserved_connections', true)::int, 0)
                end as allowed
            union all
            select 'role', (select count(*) from pg_catalog.pg_stat_activity as a where a.usesysid = u.oid), u.rolconnlimit
            from pg_catalog.pg_roles as u
            where u.rolname = session_user
              and u.rolconnlimit >= 0
              and not u.rolsuper
            union all
            select 'database', (select count(*) from pg_catalog.pg_stat_activity as a where a.datid = d.oid), d.datconnlimit
            from pg_catalog.pg_database as d
            where d.datname = current_database()
              and d.datconnlimit >= 0
              and not r.rolsuper
        ) as l
    )
)::text as json
from pg_catalog.pg_roles as r
where r.rolname = current_user
