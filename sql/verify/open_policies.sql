-- id: open-policies
-- level: error
-- title: A policy on another table with tenants' rows lets everything through
-- explanation: A permissive policy `using (true)` shows every row to its roles, and one that passes while a setting is empty
--   shows every row to whoever sets nothing.
-- fix: Replace its expression by one that compares the tenant with the tenant that the user acts for.

select
    'open-policies' as check_id,
    'error' as level,
    p.name as object,
    'an expression that compares ' || p.tenant_column as expected,
    format(
        'for %s to %s%s%s',
        p.command,
        p.roles,
        coalesce(' using ' || p.visible, ''),
        coalesce(' with check ' || p.writable, '')
    ) as actual,
    case
        when p.visible = 'true' or p.writable = 'true' then null
        else 'It passes when the setting that it reads is empty or was never set.'
    end as explanation,
    format(
        E'-- review: compare %I with the caller''s tenants\nalter policy %I on %s%s%s;',
        p.tenant_column,
        p.polname,
        p.table_name,
        case
            when p.visible is not null
                then format(' using (%I = any ((select vital_private.readable_tenants())::uuid[]))', p.tenant_column)
            else ''
        end,
        case
            when p.writable is not null
                then format(' with check (%I = any ((select vital_private.writable_tenants())::uuid[]))', p.tenant_column)
            else ''
        end
    ) as fix
from (
    select
        p.polname,
        coalesce(s.tenant_column, 'tenant_id') as tenant_column,
        s.name as table_name,
        format('%s.%I', s.name, p.polname) as name,
        case p.polcmd
            when 'r' then 'select'
            when 'a' then 'insert'
            when 'w' then 'update'
            when 'd' then 'delete'
            else 'all'
        end as command,
        (
            select string_agg(case when m.oid = 0 then 'public' else m.oid::regrole::text end, ', ' order by m.oid)
            from unnest(p.polroles) as m (oid)
        ) as roles,
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
where p.visible = 'true'
   or p.writable = 'true'
   or concat(p.visible, p.writable) ~ 'current_setting\([^()]*\)[^()]*\)* (IS NULL|= ''''::text)'
