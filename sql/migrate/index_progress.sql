-- Shows the index build on public.agents, as a JSON object with the session it waits for, or null before it has the
-- table's lock.
select (
    select jsonb_build_object(
        'phase', p.phase,
        'done', case when p.blocks_total > 0 then p.blocks_done else p.tuples_done end,
        'total', case when p.blocks_total > 0 then p.blocks_total else p.tuples_total end,
        'waits_for', (
            select jsonb_build_object(
                'pid', p.current_locker_pid,
                'user', a.usename,
                'application', nullif(a.application_name, ''),
                'state', case when a.pid is not null and a.usesysid is null then 'autovacuum' else a.state end,
                'age_ms', (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::int8,
                'query', left(nullif(a.query, '<insufficient privilege>'), 500)
            )
            from (values (1)) one
            left join pg_catalog.pg_stat_activity a on a.pid = p.current_locker_pid
            where p.current_locker_pid > 0
        )
    )
    from pg_catalog.pg_stat_progress_create_index p
    where p.datname = current_database()
        and p.relid = to_regclass('public.agents')
    limit 1
)::text as json
