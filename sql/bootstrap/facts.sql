-- What the API needs, and whether it is there.
-- Returns: kind text, object text, is_present boolean

select wanted.kind, wanted.object, wanted.is_present
from (
    select
        1 as position,
        'role' as kind,
        r.object,
        exists (select from pg_catalog.pg_roles as p where p.rolname = r.object) as is_present
    from unnest(array['anon', 'authenticated', 'service_role', 'authenticator']) as r (object)
    union all
    select 2, 'schema', 'auth', to_regnamespace('auth') is not null
    union all
    select 3, 'function', f.object, to_regprocedure(f.object) is not null
    from unnest(array['auth.uid()', 'auth.role()', 'auth.jwt()']) as f (object)
    union all
    select 4, 'grant', format('%s to %I', g.privilege, o.rolname), g.is_present
    from (
        select r.oid, r.rolname
        from pg_catalog.pg_roles as r
        where not r.rolsuper
          and r.oid = coalesce(
              (
                  select c.relowner
                  from pg_catalog.pg_class as c
                  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
                  where n.nspname = 'public'
                    and c.relname = 'agents'
              ),
              (select d.datdba from pg_catalog.pg_database as d where d.datname = current_database())
          )
    ) as o
    cross join lateral (
        select
            format('create on database %I', current_database()) as privilege,
            has_database_privilege(o.oid, current_database(), 'create') as is_present
        union all
        select 'usage, create on schema public', coalesce(bool_and(has_schema_privilege(o.oid, n.oid, p.privilege)), true)
        from pg_catalog.pg_namespace as n
        cross join unnest(array['usage', 'create']) as p (privilege)
        where n.nspname = 'public'
        union all
        select 'usage on schema auth', coalesce(bool_and(has_schema_privilege(o.oid, n.oid, 'usage')), false)
        from pg_catalog.pg_namespace as n
        where n.nspname = 'auth'
        union all
        select
            'role ' || a.name,
            coalesce(
                pg_has_role(
                    o.oid,
                    r.oid,
                    case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end
                ),
                false
            )
        from unnest(array['anon', 'authenticated', 'service_role']) as a (name)
        left join pg_catalog.pg_roles as r on r.rolname = a.name
    ) as g
) as wanted
order by wanted.position, wanted.object
