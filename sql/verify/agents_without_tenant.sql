-- id: agents-without-tenant
-- level: error
-- title: Agents belong to no tenant
-- explanation: Nobody but a platform admin can find them, and nobody can mend them through the API.
-- fix: Give them to the tenant that they belong to, or to the platform.

select
    'agents-without-tenant' as check_id,
    'error' as level,
    'public.agents' as object,
    'every agent has a tenant' as expected,
    format('%s without, such as %s', count(*), min(a.id::text)) as actual,
    null as explanation,
    E'-- review: every tenant will see them, as the platform''s\nupdate public.agents set tenant_id = public.get_super_admin_tenant_id() where tenant_id is null;' as fix
from public.agents as a
where a.tenant_id is null
having count(*) > 0
