-- id: rls-disabled
-- level: error
-- title: Row security is off on a table with tenants' rows
-- explanation: Whoever may select from the table reads the rows of every tenant.
-- fix: Switch it on, and give the table policies if API users are to see anything in it.
-- mends: row security

select
    'rls-disabled' as check_id,
    'error' as level,
    s.name as object,
    'row security on' as expected,
    'row security off, no policy' || coalesce(', open to ' || s.readers, '') as actual,
    null as explanation,
    case when s.is_ours then '' else E'-- review: API users see nothing of it until it has policies\n' end
    || format('alter table %s enable row level security;', s.name) as fix
from (
{scope}
) as s
where not s.row_security
  and (s.is_ours or s.readers is not null)
  and not exists (select from pg_policy as p where p.polrelid = s.oid)
