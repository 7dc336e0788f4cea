-- id: per-row-policy-calls
-- level: warning
-- title: A policy calls a function once per row
-- explanation: A bare call such as auth.uid() runs for every row that is looked at; inside (select ...) it runs once per
--   statement, and an index can answer the comparison. On a million rows that is a factor of several hundred.
-- fix: Write (select f()) in place of f() in the policy's expressions.

select
    'per-row-policy-calls' as check_id,
    'warning' as level,
    format('%s.%I', s.name, p.polname) as object,
    'calls inside (select ...)' as expected,
    concat_ws(' with check ', 'using ' || e.visible, e.writable) as actual,
    null as explanation,
    format(
        E'-- review: check that it still says the same\nalter policy %I on %s%s%s;',
        p.polname,
        s.name,
        ' using (' || regexp_replace(
            regexp_replace(e.visible, 'ANY \(' || e.call || '\)', 'ANY ((SELECT \1)::uuid[])', 'g'),
            e.call,
            '(SELECT \1)',
            'g'
        ) || ')',
        ' with check (' || regexp_replace(
            regexp_replace(e.writable, 'ANY \(' || e.call || '\)', 'ANY ((SELECT \1)::uuid[])', 'g'),
            e.call,
            '(SELECT \1)',
            'g'
        ) || ')'
    ) as fix
from (
{scope}
) as s
join pg_policy as p on p.polrelid = s.oid
cross join lateral (
    select
        pg_get_expr(p.polqual, p.polrelid) as visible,
        pg_get_expr(p.polwithcheck, p.polrelid) as writable,
        '(?<!SELECT )(\m(?:[a-z_][a-z0-9_$]*|"[^"]+")\.(?:[a-z_][a-z0-9_$]*|"[^"]+")\((?:''[^'']*''(?:::[a-z ]+)?)?\))' as call
) as e
where (not s.is_ours or not p.polpermissive)
  and (e.visible ~ e.call or e.writable ~ e.call)
