-- Names the session that holds the migration lock, as a JSON array of at most one: whoever has locked the history, or
-- holds a table that nobody else sees yet while there is no history, because creating it is the lock of the first run.
select coalesce(jsonb_agg(to_jsonb(h)), '[]')::text as json
from (
    select
        l.pid,
        a.usename as user,
        nullif(a.application_name, '') as application,
        a.state,
        (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::int8 as age_ms,
        left(nullif(a.query, '<insufficient privilege>'), 500) as query
    from pg_catalog.pg_locks l
    left join pg_catalog.pg_stat_activity a on a.pid = l.pid
    left join pg_catalog.pg_class c on c.oid = l.relation
    cross join (
        select (
            select h.oid
            from pg_catalog.pg_class h
            join pg_catalog.pg_namespace n on n.oid = h.relnamespace
            where n.nspname = 'vital_private'
                and h.relname = 'refinery_schema_history'
        )
    ) as history (oid)
    where l.locktype = 'relation'
        and l.granted
        and l.pid is distinct from pg_backend_pid()
        and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
        and case
            when history.oid is null then c.oid is null and l.mode = 'AccessExclusiveLock'
            else l.relation = history.oid and l.mode in ('ExclusiveLock', 'AccessExclusiveLock')
        end
    order by a.xact_start
    limit 1
) as h
