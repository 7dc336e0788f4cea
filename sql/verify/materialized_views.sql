-- id: materialized-views
-- level: error
-- title: A materialized view holds tenants' rows and is open to API roles
-- explanation: Row security does not apply to a materialized view: whoever may select from it reads what it holds of every
--   tenant.
-- fix: Take it from the API roles, and let a function answer from it for one tenant.

with recursive scope as (
{scope}
),
reads (view_oid, table_oid) as (
    select r.ev_class, d.refobjid
    from scope as s
    join pg_depend as d
        on d.refobjid = s.oid
        and d.refclassid = 'pg_class'::regclass
        and d.classid = 'pg_rewrite'::regclass
    join pg_rewrite as r on r.oid = d.objid and r.ev_class <> s.oid
    union
    select r.ev_class, reads.table_oid
    from reads
    join pg_depend as d
        on d.refobjid = reads.view_oid
        and d.refclassid = 'pg_class'::regclass
        and d.classid = 'pg_rewrite'::regclass
    join pg_rewrite as r on r.oid = d.objid and r.ev_class <> reads.view_oid
)
select
    'materialized-views' as check_id,
    'error' as level,
    v.oid::regclass::text as object,
    'no privilege for API roles' as expected,
    format('holds rows of %s, open to %s', string_agg(s.name, ', ' order by s.name), reached.readers) as actual,
    null as explanation,
    format(E'-- review: its readers lose it\nrevoke all on %s from public, anon, authenticated;', v.oid::regclass) as fix
from reads
join scope as s on s.oid = reads.table_oid
join pg_class as v on v.oid = reads.view_oid and v.relkind = 'm'
cross join lateral (
    select string_agg(r.rolname, ', ' order by r.rolname) as readers
    from pg_roles as r
    where r.rolname in ('anon', 'authenticated')
      and has_any_column_privilege(r.oid, v.oid, 'SELECT')
) as reached
where reached.readers is not null
group by v.oid, reached.readers
