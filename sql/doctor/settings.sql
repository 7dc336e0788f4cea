-- Lists what is set for this database, this role and the roles of the API, as a JSON array; a setting of the server's file
-- that limits time is listed as of nobody.
select coalesce(jsonb_agg(to_jsonb(s) order by s.name, s.role, s.database), '[]')::text as json
from (
    select
        split_part(c.entry, '=', 1) as name,
        substr(c.entry, strpos(c.entry, '=') + 1) as value,
        r.rolname as role,
        d.datname as database
    from pg_catalog.pg_db_role_setting as s
    cross join unnest(s.setconfig) as c (entry)
    left join pg_catalog.pg_roles as r on r.oid = s.setrole
    left join pg_catalog.pg_database as d on d.oid = s.setdatabase
    where (s.setdatabase = 0 or d.datname = current_database())
      and (
          s.setrole = 0
          or r.rolname in (current_user, session_user, 'anon', 'authenticated', 'service_role', 'authenticator')
      )
    union all
    select p.name, p.setting || coalesce(p.unit, ''), null, null
    from pg_catalog.pg_settings as p
    where p.name in (
        'statement_timeout',
        'lock_timeout',
        'idle_in_transaction_session_timeout',
        'idle_session_timeout',
        'transaction_timeout'
    )
      and p.setting <> '0'
      and p.source in ('configuration file', 'command line', 'environment variable')
) as s
