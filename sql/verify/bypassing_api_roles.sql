-- id: bypassing-api-roles
-- level: error
-- title: An API role is not bound by row security
-- explanation: A superuser, or a role with BYPASSRLS, reads the rows of every tenant whatever the policies say.
-- fix: Take the attribute back. It belongs to the cluster, so `vital verify --fix` leaves it to you.

select
    'bypassing-api-roles' as check_id,
    'error' as level,
    'role ' || quote_ident(r.rolname) as object,
    'neither superuser nor BYPASSRLS' as expected,
    concat_ws(', ', case when r.rolsuper then 'superuser' end, case when r.rolbypassrls then 'BYPASSRLS' end) as actual,
    null as explanation,
    format(
        E'-- review: it holds for every database of the cluster\nalter role %I%s%s;',
        r.rolname,
        case when r.rolsuper then ' nosuperuser' else '' end,
        case when r.rolbypassrls then ' nobypassrls' else '' end
    ) as fix
from pg_roles as r
where r.rolname in ('anon', 'authenticated', 'authenticator')
  and (r.rolsuper or r.rolbypassrls)
