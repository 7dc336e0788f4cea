-- id: other-grants
-- level: error
-- title: A role that is neither the owner's nor the API's holds a privilege on the tenancy
-- explanation: Row security shows such a role nothing unless it bypasses it, but functions that trust their caller do not
--   look at who that is. Default privileges of any role, or a grant on a single column, are easily overlooked.
-- fix: Revoke it, or note an exception; `vital verify --fix` does so for everything but agents.
-- mends: grants

with schemas as (
    select n.oid, n.nspname, n.nspowner, n.nspacl
    from pg_namespace as n
    where n.nspname in ('vital_private', 'vital_retired', 'vital_archive')
)
select
    'other-grants' as check_id,
    'error' as level,
    g.object,
    'no privilege' as expected,
    format('%s: %s', g.grantee, string_agg(distinct g.privilege, ', ' order by g.privilege)) as actual,
    null as explanation,
    case when g.object ~ '^table public\.agents' then E'-- review: somebody may rely on it\n' else '' end
    || format('revoke all on %s from %s cascade;', g.revocable, g.grantee) as fix
from (
    select
        'table ' || c.oid::regclass as object,
        'table ' || c.oid::regclass as revocable,
        a.grantee as grantee_oid,
        a.privilege_type as privilege,
        c.relowner as owner,
        c.relnamespace in (select s.oid from schemas as s) and a.grantee in (0, to_regrole('anon')) as is_closed
    from pg_class as c
    cross join lateral aclexplode(c.relacl) as a
    where c.relkind in ('r', 'p', 'v', 'm', 'f')
      and (c.oid in ({our_tables}) or c.relnamespace in (select s.oid from schemas as s))
    union all
    select
        format('table %s (%I)', c.oid::regclass, t.attname),
        'table ' || c.oid::regclass,
        a.grantee,
        format('%s (%s)', a.privilege_type, t.attname),
        c.relowner,
        c.relnamespace in (select s.oid from schemas as s)
            and (a.grantee in (0, to_regrole('anon')) or c.oid not in ({our_tables}))
    from pg_class as c
    join pg_attribute as t on t.attrelid = c.oid and t.attacl is not null and not t.attisdropped
    cross join lateral aclexplode(t.attacl) as a
    where c.oid in ({our_tables})
       or c.relnamespace in (select s.oid from schemas as s)
    union all
    -- Of sequences and of the archive no other check tells what the API's roles hold.
    select 'sequence ' || c.oid::regclass, 'sequence ' || c.oid::regclass, a.grantee, a.privilege_type, c.relowner, true
    from pg_class as c
    cross join lateral aclexplode(c.relacl) as a
    where c.relkind = 'S'
      and c.relnamespace in (select s.oid from schemas as s)
    union all
    select
        'function ' || p.oid::regprocedure,
        'function ' || p.oid::regprocedure,
        a.grantee,
        a.privilege_type,
        p.proowner,
        p.pronamespace = to_regnamespace('vital_archive')
    from pg_proc as p
    cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
    where (p.oid in ({our_functions}) and (select current_setting('vital.promise')::jsonb) -> 'functions' ? p.oid::regprocedure::text)
       or p.pronamespace = to_regnamespace('vital_archive')
    union all
    select
        'schema ' || s.nspname,
        'schema ' || s.nspname,
        a.grantee,
        a.privilege_type,
        s.nspowner,
        s.nspname = 'vital_archive' and a.grantee in (to_regrole('authenticated'), to_regrole('service_role'))
    from schemas as s
    cross join lateral aclexplode(s.nspacl) as a
) as o
cross join lateral (
    select
        o.object,
        o.revocable,
        o.privilege,
        case when o.grantee_oid = 0 then 'public' else o.grantee_oid::regrole::text end as grantee
) as g
left join pg_roles as r on r.oid = o.grantee_oid
where o.grantee_oid <> o.owner
  and (o.is_closed or (r.oid is not null and r.rolname not in ('anon', 'authenticated', 'service_role')))
  and not coalesce(r.rolsuper, false)
  and (r.oid is null or not pg_has_role(r.oid, o.owner, 'MEMBER'))
group by g.object, g.revocable, g.grantee
