-- id: agents-of-lost-tenants
-- level: error
-- title: Agents belong to a tenant that does not exist
-- explanation: The foreign key was off when they or their tenant were written. Nobody is a member of that tenant, and
--   whoever creates one with its id gets them.
-- fix: Give them to a tenant that exists, or to the platform.

select
    'agents-of-lost-tenants' as check_id,
    'error' as level,
    'public.agents' as object,
    'every tenant_id names a tenant' as expected,
    format('%s of lost tenants, such as %s of %s', count(*), min(a.id::text), min(a.tenant_id::text)) as actual,
    null as explanation,
    E'-- review: every tenant will see those that are global\nupdate public.agents as a set tenant_id = public.get_super_admin_tenant_id()\nwhere a.tenant_id is not null and not exists (select from public.tenants as t where t.id = a.tenant_id);' as fix
from public.agents as a
where a.tenant_id is not null
  and not exists (select from public.tenants as t where t.id = a.tenant_id)
having count(*) > 0
