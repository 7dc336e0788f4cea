-- id: owning-api-roles
-- level: error
-- title: An API role owns a table with tenants' rows, or a schema or function of the tenancy
-- explanation: Row security does not bind an owner, who may also switch it off, drop policies and replace functions.
-- fix: Give the object to the role that migrates.

select
    'owning-api-roles' as check_id,
    'error' as level,
    o.object,
    'another owner' as expected,
    'owned by ' || r.rolname as actual,
    null as explanation,
    format(
        E'-- review: needs the right to give it away\nalter %s owner to %s;',
        o.object,
        coalesce(
            (
                select n.nspowner::regrole::text
                from pg_namespace as n
                where n.nspname = 'vital_private'
                  and n.nspowner <> r.oid
            ),
            'current_user'
        )
    ) as fix
from (
    select 'table ' || s.name as object, s.relowner as owner
    from (
{scope}
    ) as s
    union all
    select 'schema ' || quote_ident(n.nspname), n.nspowner
    from pg_namespace as n
    where n.nspname in ('public', 'vital_private', 'vital_retired')
    union all
    select 'function ' || p.oid::regprocedure, p.proowner
    from pg_proc as p
    where p.oid in ({our_functions})
) as o
join pg_roles as r on r.oid = o.owner
where r.rolname in ('anon', 'authenticated', 'authenticator')
