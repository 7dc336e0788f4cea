-- id: unbound-grants
-- level: warning
-- title: An API role holds a privilege on another table with tenants' rows that row security does not bind
-- explanation: TRUNCATE empties the table for every tenant; REFERENCES tells by a foreign key which ids exist; TRIGGER runs
--   code of the API role whenever somebody writes.
-- fix: Revoke them. Supabase's default privileges grant them with everything else.

select
    'unbound-grants' as check_id,
    'warning' as level,
    s.name as object,
    'no TRUNCATE, REFERENCES or TRIGGER' as expected,
    string_agg(format('%s: %s', r.rolname, g.privileges), '; ' order by r.rolname) as actual,
    null as explanation,
    format(
        E'-- review: nothing of the API needs them\nrevoke truncate, references, trigger on table %s from public, %s;',
        s.name,
        string_agg(quote_ident(r.rolname), ', ' order by r.rolname)
    ) as fix
from (
{scope}
) as s
cross join pg_roles as r
cross join lateral (
    select string_agg(p.privilege, ', ' order by p.privilege) as privileges
    from unnest(array['REFERENCES', 'TRIGGER', 'TRUNCATE']) as p (privilege)
    where has_table_privilege(r.oid, s.oid, p.privilege)
) as g
where not s.is_ours
  and r.rolname in ('anon', 'authenticated')
  and g.privileges is not null
group by s.name
