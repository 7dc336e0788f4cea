-- id: missing-indexes
-- level: warning
-- title: Another table with tenants' rows has no index that begins with the tenant
-- explanation: Its policies compare that column on every read; without an index each reads the whole table.
-- fix: Build one, outside a transaction, so that nobody waits.

select
    'missing-indexes' as check_id,
    'warning' as level,
    s.name as object,
    'an index that begins with ' || s.tenant_column as expected,
    'none' as actual,
    null as explanation,
    format(
        E'-- review: run it on its own\ncreate index %s on %s (%I);',
        case when c.relkind = 'p' then '' else 'concurrently' end,
        s.name,
        s.tenant_column
    ) as fix
from (
{scope}
) as s
join pg_class as c on c.oid = s.oid
join pg_attribute as a on a.attrelid = s.oid and a.attname = s.tenant_column and not a.attisdropped
where not s.is_ours
  and not exists (
      select
      from pg_index as i
      where i.indrelid = s.oid
        and i.indisvalid
        and i.indkey[0] = a.attnum
        and i.indpred is null
  )
