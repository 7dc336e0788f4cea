-- id: bypassing-views
-- level: error
-- title: A view shows rows past row security
-- explanation: A view that is not security_invoker reads with its owner's rights, and its owner is not bound by the
--   policies: whoever may select from the view reads the rows of every tenant.
-- fix: Make it security_invoker (PostgreSQL 15 and later), or take it from the API roles.

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
    'bypassing-views' as check_id,
    'error' as level,
    v.oid::regclass::text as object,
    'security_invoker, or no privilege for API roles' as expected,
    format(
        'reads %s as %s, open to %s',
        string_agg(s.name, ', ' order by s.name),
        pg_get_userbyid(v.relowner),
        reached.readers
    ) as actual,
    null as explanation,
    case
        when current_setting('server_version_num')::integer >= 150000
            then format(E'-- review: its readers will see their own rows only\nalter view %s set (security_invoker = true);', v.oid::regclass)
        else format(E'-- review: its readers lose it\nrevoke all on %s from public, anon, authenticated;', v.oid::regclass)
    end as fix
from reads
join scope as s on s.oid = reads.table_oid
join pg_class as v on v.oid = reads.view_oid and v.relkind = 'v'
join pg_roles as o on o.oid = v.relowner
cross join lateral (
    select string_agg(r.rolname, ', ' order by r.rolname) as readers
    from pg_roles as r
    where r.rolname in ('anon', 'authenticated')
      and (
          has_any_column_privilege(r.oid, v.oid, 'SELECT, INSERT, UPDATE')
          or has_table_privilege(r.oid, v.oid, 'DELETE')
      )
) as reached
where reached.readers is not null
  and not exists (
      select
      from unnest(v.reloptions) as x (setting)
      where x.setting in ('security_invoker=true', 'security_invoker=on', 'security_invoker=1', 'security_invoker=yes')
  )
  and (o.rolsuper or o.rolbypassrls or pg_has_role(v.relowner, s.relowner, 'USAGE') or not s.row_security)
group by v.oid, v.relowner, reached.readers
