-- id: shape-triggers
-- level: error
-- title: A trigger of the tenancy is missing, defined otherwise or there twice
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
        when 'extra' then format(
            E'-- review: it runs a function of the tenancy once more\ndrop trigger %s on %s;',
            substr(d.object, length(d.live ->> 'table') + 2),
            d.live ->> 'table'
        )
        when 'different' then format(
            E'drop trigger %s on %s;\n%s;',
            substr(d.object, length(d.promised ->> 'table') + 2),
            d.promised ->> 'table',
            d.promised ->> 'definition'
        )
        else (d.promised ->> 'definition') || ';'
    end as fix,
    d.promised,
    d.live
from (
{difference:triggers}
) as d
where d.state <> 'extra'
   or d.live ->> 'definition' like '% EXECUTE FUNCTION vital_private.%'
