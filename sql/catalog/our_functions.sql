-- The functions of the tenancy: all of vital_private, and those of schema public that bear a promised name.
-- Returns: oid

select p.oid
from pg_proc as p
join pg_namespace as n on n.oid = p.pronamespace
where p.prokind = 'f'
  and (
      n.nspname = 'vital_private'
      or (
          n.nspname = 'public'
          and p.proname = any (array[
              'is_platform_admin',
              'has_tenant_access',
              'get_user_tenants',
              'get_super_admin_tenant_id',
              'get_tenant_by_slug',
              'get_tenant_by_domain',
              'set_tenant_context',
              'get_current_tenant_id',
              'can_access_resource',
              'grant_platform_admin',
              'assign_user_to_dh_startup'
          ]::name[])
      )
  )
