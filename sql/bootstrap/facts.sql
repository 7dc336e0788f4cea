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
) as wanted
order by wanted.position, wanted.object
