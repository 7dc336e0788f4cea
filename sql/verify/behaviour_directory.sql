-- id: behaviour-directory
-- level: error
-- title: A user sees tenants, memberships, roles or audit rows of others
-- explanation: Contacts, billing and members of other tenants are nobody's business but a platform admin's.
-- fix: Restore the policies that the check shape-policies shows.
-- causes: public.tenants public.tenants.* public.user_tenants public.user_tenants.* public.user_roles
--   public.user_roles.* public.resource_sharing_audit public.resource_sharing_audit.* vital_private.*
-- actors: owner stranger neighbour

select
    'behaviour-directory' as check_id,
    'error' as level,
    format('as %s: %s', current_setting('vital.actor'), s.name) as object,
    'own rows only' as expected,
    format('%s rows of others', count(*)) as actual,
    null as explanation,
    null as fix
from (
    select 'public.tenants' as name
    from public.tenants as t
    where t.id = any (array[
        case when current_setting('vital.actor') <> 'owner' then current_setting('vital.tenant_home') end,
        case when current_setting('vital.actor') <> 'neighbour' then current_setting('vital.tenant_other') end,
        current_setting('vital.tenant_closed')
    ]::uuid[])
    union all
    select 'public.user_tenants'
    from public.user_tenants as m
    where m.tenant_id = any (array[
        current_setting('vital.tenant_home'),
        current_setting('vital.tenant_other'),
        current_setting('vital.tenant_closed')
    ]::uuid[])
      and m.user_id <> current_setting('vital.user_' || current_setting('vital.actor'))::uuid
    union all
    select 'public.user_roles'
    from public.user_roles as r
    where r.user_id = current_setting('vital.user_admin')::uuid
    union all
    select 'public.resource_sharing_audit'
    from public.resource_sharing_audit as a
    where current_setting('vital.actor') = 'stranger'
      and a.owner_tenant_id = current_setting('vital.tenant_home')::uuid
) as s
group by s.name
