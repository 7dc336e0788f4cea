-- id: invalid-indexes
-- level: error
-- title: An index on a table with tenants' rows is not valid
-- explanation: A build that was interrupted leaves an index that every write pays for and no read uses; a unique one
--   refuses nothing that was there before.
-- fix: Rebuild it, outside a transaction.

select
    'invalid-indexes' as check_id,
    'error' as level,
    i.indexrelid::regclass::text as object,
    'valid' as expected,
    case when i.indisready then 'not valid' else 'not ready' end as actual,
    null as explanation,
    format(E'-- review: run it on its own\nreindex index concurrently %s;', i.indexrelid::regclass) as fix
from (
    select s.oid
    from (
{scope}
    ) as s
    union
    select o.oid
    from ({our_tables}) as o (oid)
) as s
join pg_index as i on i.indrelid = s.oid
where not (i.indisvalid and i.indisready and i.indislive)
