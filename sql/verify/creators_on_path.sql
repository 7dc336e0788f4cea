-- id: creators-on-path
-- level: error
-- title: Users of the API, or everybody, may create objects in a schema that names are looked up in
-- explanation: A name without a schema goes to the first match of the search_path, and an operator or function for the exact
--   types beats the server's own that needs a cast. Whoever may create one there has it run by whoever comes by, as them:
--   up to PostgreSQL 14 everybody may, in schema public.
-- fix: Revoke it; those who are to create tables get the right by name.

select
    'creators-on-path' as check_id,
    'error' as level,
    format('schema %I', n.nspname) as object,
    'CREATE for roles that are trusted' as expected,
    'CREATE for ' || c.creators as actual,
    null as explanation,
    format(
        E'-- review: whoever made tables there so far needs the right by name\nrevoke create on schema %I from %s;',
        n.nspname,
        c.holders
    ) as fix
from pg_namespace as n
cross join lateral (
    select
        string_agg(case a.grantee when 0 then 'everybody' else a.grantee::regrole::text end, ', ' order by a.grantee)
            as creators,
        string_agg(case a.grantee when 0 then 'public' else a.grantee::regrole::text end, ', ' order by a.grantee)
            as holders
    from aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
    left join pg_roles as r on r.oid = a.grantee
    where a.privilege_type = 'CREATE'
      and a.grantee <> n.nspowner
      and (
          a.grantee = 0
          or exists (
              select
              from pg_roles as api
              where api.rolname in ('anon', 'authenticated', 'authenticator')
                and not api.rolsuper
                and r.rolname <> 'service_role'
                and pg_has_role(api.oid, r.oid, 'MEMBER')
          )
      )
) as c
where c.creators is not null
  and n.oid in (
{path_schemas}
  )
