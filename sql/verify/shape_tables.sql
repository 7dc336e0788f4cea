-- id: shape-tables
-- level: error
-- title: A table of the tenancy is missing or is not what the migrations made
-- explanation: Forced row security breaks the functions that read for the policies, an unlogged table loses its rows in a
--   crash, and an owner may switch row security off.
-- fix: A missing table comes back from a backup only; the rest is one alter table.
-- mends: row security that is forced

select
    'shape-tables' as check_id,
    'error' as level,
    d.object,
    d.expected,
    d.actual,
    null as explanation,
    case
        when d.state = 'missing' then format('-- review: restore %s from a backup', d.object)
        when d.properties = array['forced_row_security'] then format('alter table %s no force row level security;', d.object)
        when d.properties = array['logged'] then format(E'-- review: rewrites the table\nalter table %s set logged;', d.object)
        when d.properties = array['owner'] then format(
            E'-- review: needs the right to give the table away\nalter table %s owner to %s;',
            d.object,
            (select n.nspowner::regrole from pg_namespace as n where n.nspname = 'vital_private')
        )
        else format('-- review: bring %s to: %s', d.object, d.expected)
    end as fix
from (
{difference:tables}
) as d
where d.state <> 'extra'
