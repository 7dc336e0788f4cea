-- id: behaviour-tenant-fields
-- level: error
-- title: A tenant's owner may change more of it than contacts and branding
-- explanation: Type, status, subscription and quotas are the platform's to decide.
-- fix: Restore the trigger guard_tenants and its function.
-- causes: public.tenants public.tenants.* vital_private.*
-- actors: owner

with changed as (
    update public.tenants
    set quotas = '{"agents": 1000000}',
        subscription_tier = 'enterprise'
    where id = current_setting('vital.tenant_home')::uuid
    returning id
)
select
    'behaviour-tenant-fields' as check_id,
    'error' as level,
    'as owner: update public.tenants set quotas, subscription_tier' as object,
    'refused' as expected,
    'accepted' as actual,
    null as explanation,
    null as fix
from changed
