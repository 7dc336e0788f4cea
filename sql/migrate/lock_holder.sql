-- Names the session that holds the migration lock, as a JSON array of at most one.
select coalesce(jsonb_agg(jsonb_build_object(
    'pid', l.pid,
    'user', a.usename,
    'application', nullif(a.application_name, ''),
    'state', a.state,
    'age_ms', (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::int8,
    'query', left(nullif(a.query, '<insufficient privilege>'), 500)
)), '[]')::text as json
from pg_catalog.pg_locks l
left join pg_catalog.pg_stat_activity a on a.pid = l.pid
where l.locktype = 'advisory'
    and l.granted
    and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
    and (l.classid::int8 << 32 | l.objid::int8) = :key
    and l.objsubid = 1
