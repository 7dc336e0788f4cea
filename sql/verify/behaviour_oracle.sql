-- id: behaviour-oracle
-- level: error
-- title: A function tells a user about somebody else
-- explanation: has_tenant_access, is_platform_admin and get_user_tenants answer a user about the user alone.
-- fix: Restore the functions that the check shape-functions shows.
-- causes: public.is_platform_admin* public.has_tenant_access* public.get_user_tenants* public.get_tenant_by_slug*
--   public.tenants public.tenants.* public.user_tenants public.user_tenants.* public.user_roles public.user_roles.*
--   vital_private.*
-- actors: member stranger

select
    'behaviour-oracle' as check_id,
    'error' as level,
    format('as %s: %s', current_setting('vital.actor'), f.question) as object,
    'no answer about others' as expected,
    'an answer' as actual,
    null as explanation,
    null as fix
from (
    select 'has_tenant_access' as question
    where public.has_tenant_access(
        current_setting('vital.user_neighbour')::uuid,
        current_setting('vital.tenant_other')::uuid
    )
    union all
    select 'is_platform_admin'
    where public.is_platform_admin(current_setting('vital.user_admin')::uuid)
    union all
    select distinct 'get_user_tenants'
    from public.get_user_tenants(current_setting('vital.user_neighbour')::uuid)
    union all
    select distinct 'get_tenant_by_slug'
    from public.get_tenant_by_slug(('vital-probe-' || current_setting('vital.tenant_other'))::varchar) as t
    where t.id is not null
) as f
