-- id: behaviour-self-membership
-- level: error
-- title: A user may enter another tenant
-- explanation: Memberships are written by functions for trusted roles only.
-- fix: Restore the grants and the policies of public.user_tenants.
-- causes: public.user_tenants public.user_tenants.*
-- actors: member stranger

with entered as (
    insert into public.user_tenants (user_id, tenant_id, role)
    values (
        current_setting('vital.user_' || current_setting('vital.actor'))::uuid,
        current_setting('vital.tenant_other')::uuid,
        'owner'
    )
)
select
    'behaviour-self-membership' as check_id,
    'error' as level,
    format('as %s: insert into public.user_tenants', current_setting('vital.actor')) as object,
    'refused' as expected,
    'accepted' as actual,
    null as explanation,
    null as fix
