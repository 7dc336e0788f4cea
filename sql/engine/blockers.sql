-- Lists the sessions that hold a lock on the tables that this product reads or writes: those that keep even readers out
-- first, then the longest transaction first, as a JSON array. A role that may not see other sessions gets pid and user
-- only; a prepared transaction has pid 0. An autovacuum is known by having no user, which every role may see.
select coalesce(jsonb_agg(to_jsonb(b) - 'strong' order by b.strong desc, b.age_ms desc nulls last, b.pid), '[]')::text as json
from (
    select
        coalesce(l.pid, 0) as pid,
        a.usename as user,
        case when l.pid is null then 'prepared transaction' else nullif(a.application_name, '') end as application,
        case when a.pid is not null and a.usesysid is null then 'autovacuum' else a.state end as state,
        (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::int8 as age_ms,
        left(nullif(a.query, '<insufficient privilege>'), 500) as query,
        string_agg(distinct n.nspname::text || '.' || c.relname::text, ', ') as relations,
        bool_or(l.mode = 'AccessExclusiveLock') as strong
    from pg_catalog.pg_locks l
    join pg_catalog.pg_class c on c.oid = l.relation
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'relation'
        and l.granted
        and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = current_database())
        and c.relkind in ('r', 'p')
        and (
            n.nspname = 'public'
                and c.relname in ('agents', 'tenants', 'user_tenants', 'user_roles', 'resource_sharing_audit')
            or n.nspname = 'auth' and c.relname = 'users'
            or n.nspname in ('vital_private', 'vital_archive')
        )
        and l.pid is distinct from pg_backend_pid()
    group by 1, 2, 3, 4, 5, 6
    limit 20
) b
