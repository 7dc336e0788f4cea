-- id: policies-without-rls
-- level: error
-- title: A table has policies, but row security is off, so they do nothing
-- explanation: The policies look like protection and are not applied: whoever may select from the table reads every row.
-- fix: Switch row security on; `vital verify --fix` does it.
-- mends: row security

select
    'policies-without-rls' as check_id,
    'error' as level,
    s.name as object,
    'row security on' as expected,
    format(
        'row security off, %s policies unused%s',
        (select count(*) from pg_policy as p where p.polrelid = s.oid),
        coalesce(', open to ' || s.readers, '')
    ) as actual,
    null as explanation,
    case when s.is_ours then '' else E'-- review: its policies begin to apply\n' end
    || format('alter table %s enable row level security;', s.name) as fix
from (
{scope}
) as s
where not s.row_security
  and exists (select from pg_policy as p where p.polrelid = s.oid)
