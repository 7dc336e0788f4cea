-- id: tenant-blind-policies
-- level: warning
-- title: A policy on another table with tenants' rows never looks at the tenant
-- explanation: Its expression mentions neither the tenant, nor another row-secured table that would, nor the user: rows of
--   other tenants may pass.
-- fix: Add a condition on the tenant, or make the policy restrictive.

select
    'tenant-blind-policies' as check_id,
    'warning' as level,
    p.name as object,
    'an expression that names ' || p.tenant_column as expected,
    concat_ws(' with check ', 'using ' || p.visible, p.writable) as actual,
    null as explanation,
    format(
        E'-- review: keep your condition, and add the tenant\nalter policy %I on %s%s%s;',
        p.polname,
        p.table_name,
        ' using ((' || p.visible || format(') and %I = any ((select vital_private.readable_tenants())::uuid[]))', p.tenant_column),
        ' with check ((' || p.writable || format(') and %I = any ((select vital_private.writable_tenants())::uuid[]))', p.tenant_column)
    ) as fix
from (
    select
        p.polname,
        coalesce(s.tenant_column, 'tenant_id') as tenant_column,
        s.name as table_name,
        format('%s.%I', s.name, p.polname) as name,
        pg_get_expr(p.polqual, p.polrelid) as visible,
        pg_get_expr(p.polwithcheck, p.polrelid) as writable
    from (
{scope}
    ) as s
    join pg_policy as p on p.polrelid = s.oid
    where not s.is_ours
      and p.polpermissive
      and exists (
          select
          from unnest(p.polroles) as m (oid)
          left join pg_roles as r on r.oid = m.oid
          where m.oid = 0
             or r.rolname in ('anon', 'authenticated')
      )
) as p
where strpos(concat(p.visible, p.writable), p.tenant_column) = 0
  and concat(p.visible, p.writable) !~ 'tenant|SELECT|uid\(\)|current_setting|claims|jwt'
  and coalesce(p.visible, '') not in ('true', 'false')
  and coalesce(p.writable, '') not in ('true', 'false')
