-- id: shape-triggers
-- level: error
-- title: A trigger of the tenancy is missing or defined otherwise
-- explanation: Triggers refuse what a policy cannot compare, check recipients, and write the audit that no change of
--   sharing escapes.
-- fix: Restore it as shown; `vital verify --fix` does it.
-- mends: triggers

select
    'shape-triggers' as check_id,
    'error' as level,
    d.object,
    case d.state when 'missing' then d.promised ->> 'definition' else d.expected end as expected,
    d.actual,
    null as explanation,
    case d.state
        when 'different' then format(
            E'drop trigger %s on %s;\n',
            substr(d.object, length(d.promised ->> 'table') + 2),
            d.promised ->> 'table'
        )
        else ''
    end
    || (d.promised ->> 'definition')
    || ';' as fix
from (
{difference:triggers}
) as d
where d.state <> 'extra'
  -- A condition that was read back from its own text, as by --fix and after pg_dump, has its "or"s in fewer parentheses.
  and regexp_replace(regexp_replace(d.live ->> 'definition', ' WHEN \(+', ' WHEN '), '\)+ OR \(', ') OR (', 'g')
      is distinct from
      regexp_replace(regexp_replace(d.promised ->> 'definition', ' WHEN \(+', ' WHEN '), '\)+ OR \(', ') OR (', 'g')
