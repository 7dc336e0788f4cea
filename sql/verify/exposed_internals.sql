-- id: exposed-internals
-- level: error
-- title: The API exposes a schema of internals
-- explanation: PostgREST serves every table and function of its schemas to whoever holds the privilege. In vital_private users
--   hold it on functions that only policies and triggers are to call.
-- fix: Take the schema out of the list, and have PostgREST read its settings again.

select
    'exposed-internals' as check_id,
    'error' as level,
    concat_ws(
        ' in ',
        case s.setrole when 0 then 'every role' else format('role %s', s.setrole::regrole) end,
        case when s.setdatabase <> 0 then 'this database' end
    ) as object,
    format('%s without %s', setting.name, exposed.internal) as expected,
    format('%s = %s', setting.name, setting.value) as actual,
    null as explanation,
    format(
        E'-- review: whoever calls this schema through the API no longer can\nalter %s%s set %s = %L;\nnotify pgrst, ''reload config'';',
        case
            when s.setrole <> 0 then format('role %s', s.setrole::regrole)
            when s.setdatabase <> 0 then format('database %I', current_database())
            else 'role all'
        end,
        case when s.setrole <> 0 and s.setdatabase <> 0 then format(' in database %I', current_database()) end,
        setting.name,
        coalesce(exposed.others, '')
    ) as fix
from pg_db_role_setting as s
cross join lateral unnest(s.setconfig) as c (line)
cross join lateral (
    select split_part(c.line, '=', 1) as name, substr(c.line, strpos(c.line, '=') + 1) as value
) as setting
cross join lateral (
    select
        string_agg(e.name, ', ' order by e.place) filter (where e.is_internal) as internal,
        string_agg(e.name, ', ' order by e.place) filter (where not e.is_internal) as others
    from (
        select
            btrim(x.part, ' "') as name,
            btrim(x.part, ' "') = any ('{vital_private,vital_retired,vital_archive}') as is_internal,
            x.place
        from regexp_split_to_table(setting.value, ',') with ordinality as x (part, place)
    ) as e
) as exposed
where setting.name in ('pgrst.db_schemas', 'pgrst.db_schema')
  and s.setdatabase in (0, (select d.oid from pg_database as d where d.datname = current_database()))
  and exposed.internal is not null
