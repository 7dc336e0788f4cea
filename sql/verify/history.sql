-- id: history
-- level: error
-- title: The migration history does not match this version of vital
-- explanation: A migration was applied with another text, is unknown to this version, or is missing although a later one
--   is applied. Migrations that are merely pending are no finding: they end the run with exit code 3.
-- fix: Use the version of vital that applied them, or restore the rows of the history.
-- requires: vital_private.refinery_schema_history

select
    'history' as check_id,
    'error' as level,
    format('migration V%s', d.object) as object,
    case d.state
        when 'extra' then 'known to this version of vital'
        when 'missing' then 'applied before the later ones'
        else d.expected
    end as expected,
    case d.state when 'extra' then 'applied' when 'missing' then 'not applied' else d.actual end as actual,
    null as explanation,
    case d.state
        when 'different' then format(
            E'-- review: only if the schema is as promised\nupdate vital_private.refinery_schema_history set name = %L, checksum = %L where version = %s;',
            d.promised ->> 'name',
            d.promised ->> 'checksum',
            d.object
        )
        when 'extra' then '-- review: use the newer vital that applied it'
        else '-- review: find out who deleted the row'
    end as fix
from (
{difference:migrations}
) as d
where d.state <> 'missing'
   or d.object::bigint < (select max(h.version) from vital_private.refinery_schema_history as h)
