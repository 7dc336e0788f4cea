-- id: api-role-memberships
-- level: error
-- title: An API role is a member of a role that row security does not bind
-- explanation: A member may become the role, or inherits what it may do: reading every table, owning the tenants' tables,
--   or bypassing row security.
-- fix: Revoke the membership. It belongs to the cluster, so `vital verify --fix` leaves it to you.

with scope as (
{scope}
)
select
    'api-role-memberships' as check_id,
    'error' as level,
    'role ' || quote_ident(m.rolname) as object,
    'no such membership' as expected,
    format(
        'member of %s (%s)',
        r.rolname,
        concat_ws(
            ', ',
            case when r.rolsuper then 'superuser' end,
            case when r.rolbypassrls then 'BYPASSRLS' end,
            case when r.oid in (select s.relowner from scope as s where s.is_ours) then 'owner of the tenants'' tables' end,
            case when r.rolname like 'pg\_%' then 'predefined' end
        )
    ) as actual,
    null as explanation,
    coalesce(
        (
            select format(
                E'-- review: it holds for every database of the cluster\nrevoke %s;',
                string_agg(format('%I from %I', g.rolname, m.rolname), '; revoke ' order by g.rolname)
            )
            from pg_auth_members as a
            join pg_roles as g on g.oid = a.roleid
            where a.member = m.oid
              and pg_has_role(g.oid, r.oid, 'MEMBER')
        ),
        format('-- review: find the way from %I to %I', m.rolname, r.rolname)
    ) as fix
from pg_roles as m
cross join pg_roles as r
where m.rolname in ('anon', 'authenticated', 'authenticator')
  and not m.rolsuper
  and r.rolname not in ('anon', 'authenticated', 'authenticator')
  and (m.rolname <> 'authenticator' or r.rolname <> 'service_role')
  and (
      r.rolsuper
      or r.rolbypassrls
      or r.oid in (select s.relowner from scope as s where s.is_ours)
      or r.rolname in (
          'pg_read_all_data',
          'pg_write_all_data',
          'pg_execute_server_program',
          'pg_read_server_files',
          'pg_write_server_files'
      )
  )
  and pg_has_role(m.oid, r.oid, 'MEMBER')
