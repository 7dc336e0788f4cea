-- id: rewrite-rules
-- level: error
-- title: A rule rewrites statements on a table with tenants' rows
-- explanation: What a rule adds to a statement runs with the rights of the table's owner, whom row security does not bind,
--   and may copy rows elsewhere.
-- fix: Drop it; a trigger does the same as the caller.

select
    'rewrite-rules' as check_id,
    'error' as level,
    format('%s.%I', s.name, r.rulename) as object,
    'no rule' as expected,
    pg_get_ruledef(r.oid) as actual,
    null as explanation,
    format(E'-- review: somebody made it for a reason\ndrop rule %I on %s;', r.rulename, s.name) as fix
from (
{scope}
) as s
join pg_rewrite as r on r.ev_class = s.oid
