-- id: anon-grants
-- level: error
-- title: PUBLIC or anon holds a privilege on the tenancy
-- explanation: Visitors who are not signed in have no business with tenants' rows or with the functions that decide about
--   them. On another table with a tenant_id this is a warning, because its own policies may still keep them out.
-- fix: Revoke it; `vital verify --fix` does so for the tenancy's own tables and functions.
-- mends: grants

with scope as materialized (
{scope}
)
select
    'anon-grants' as check_id,
    case when g.is_ours then 'error' else 'warning' end as level,
    g.object,
    'no privilege' as expected,
    format('%s: %s', g.grantee, string_agg(distinct g.privilege, ', ' order by g.privilege)) as actual,
    null as explanation,
    case when g.is_ours then '' else E'-- review: somebody may rely on it\n' end
    || format('revoke all on %s from %s;', g.object, g.grantee) as fix
from (
    select
        'table ' || s.name as object,
        s.is_ours,
        case when a.grantee = 0 then 'public' else a.grantee::regrole::text end as grantee,
        a.privilege_type as privilege
    from scope as s
    join pg_class as c on c.oid = s.oid
    cross join lateral aclexplode(c.relacl) as a
    where a.grantee in (0::oid, to_regrole('anon'))
    union all
    select
        'table ' || s.name,
        s.is_ours,
        case when a.grantee = 0 then 'public' else a.grantee::regrole::text end,
        format('%s (%s)', a.privilege_type, t.attname)
    from scope as s
    join pg_attribute as t on t.attrelid = s.oid and t.attacl is not null and not t.attisdropped
    cross join lateral aclexplode(t.attacl) as a
    where a.grantee in (0::oid, to_regrole('anon'))
    union all
    select
        'function ' || p.oid::regprocedure,
        true,
        case when a.grantee = 0 then 'public' else a.grantee::regrole::text end,
        a.privilege_type
    from pg_proc as p
    cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
    where p.oid in ({our_functions})
      and a.grantee in (0::oid, to_regrole('anon'))
    union all
    select
        'schema ' || quote_ident(n.nspname),
        true,
        case when a.grantee = 0 then 'public' else a.grantee::regrole::text end,
        a.privilege_type
    from pg_namespace as n
    cross join lateral aclexplode(n.nspacl) as a
    where n.nspname in ('vital_private', 'vital_retired', 'vital_archive')
      and a.grantee in (0::oid, to_regrole('anon'))
) as g
group by g.object, g.is_ours, g.grantee
