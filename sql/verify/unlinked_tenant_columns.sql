-- id: unlinked-tenant-columns
-- level: warning
-- title: Another table's tenant_id refers to no tenant
-- explanation: Without a foreign key its rows may name tenants that never existed or are gone, and nothing keeps a tenant
--   from being deleted under them.
-- fix: Add the foreign key; validating it names the rows that break it.
-- requires: public.tenants

select
    'unlinked-tenant-columns' as check_id,
    'warning' as level,
    s.name as object,
    'a foreign key to public.tenants' as expected,
    'none' as actual,
    null as explanation,
    format(
        E'-- review: fails while rows break it\nalter table %s add foreign key (tenant_id) references public.tenants (id) on delete restrict;',
        s.name
    ) as fix
from (
{scope}
) as s
join pg_attribute as a on a.attrelid = s.oid and a.attname = 'tenant_id' and not a.attisdropped
where not s.is_ours
  and a.atttypid = 'uuid'::regtype
  and not exists (
      select
      from pg_constraint as k
      where k.conrelid = s.oid
        and k.contype = 'f'
        and k.confrelid = 'public.tenants'::regclass
        and a.attnum = any (k.conkey)
  )
