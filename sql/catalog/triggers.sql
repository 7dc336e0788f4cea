-- The triggers of the tenancy's tables that call its functions.
-- Returns: object text, facts jsonb

select
    format('%s.%I', t.tgrelid::regclass, t.tgname) as object,
    jsonb_build_object(
        'table', t.tgrelid::regclass::text,
        'definition', pg_get_triggerdef(t.oid)
    ) as facts
from pg_trigger as t
where t.tgrelid in ({our_tables})
  and not t.tgisinternal
