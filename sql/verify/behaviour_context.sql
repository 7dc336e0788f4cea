-- id: behaviour-context
-- level: error
-- title: A user may act for a tenant that they do not belong to
-- explanation: set_tenant_context must refuse every tenant in which the caller is not an active member; what trusts
--   get_current_tenant_id would otherwise serve another tenant.
-- fix: Restore public.set_tenant_context(uuid) as the check shape-functions shows.
-- causes: public.set_tenant_context* public.tenants public.user_tenants vital_private.*
-- actors: member stranger removed suspended invited inmate

select
    'behaviour-context' as check_id,
    'error' as level,
    format('as %s: set_tenant_context(%s)', current_setting('vital.actor'), t.tenant) as object,
    'refused' as expected,
    'accepted' as actual,
    null as explanation,
    null as fix
from (
    select
        case current_setting('vital.actor')
            when 'member' then 'other'
            when 'stranger' then 'home'
            when 'inmate' then 'closed'
            else 'home'
        end as tenant
) as t
cross join lateral public.set_tenant_context(current_setting('vital.tenant_' || t.tenant)::uuid)
