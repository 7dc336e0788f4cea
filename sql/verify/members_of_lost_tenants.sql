-- id: members-of-lost-tenants
-- level: error
-- title: Memberships, roles or audit rows name a tenant that does not exist
-- explanation: The foreign key was off when they or the tenant were written. Whoever creates a tenant with that id finds
--   members in it.
-- fix: Delete the memberships and roles; the audit is kept as it is.

select
    'members-of-lost-tenants' as check_id,
    'error' as level,
    m.object,
    'every tenant_id names a tenant' as expected,
    format('%s name lost tenants, such as %s', count(*), min(m.tenant_id::text)) as actual,
    null as explanation,
    case m.object
        when 'public.resource_sharing_audit'
            then '-- review: the audit is append-only; restore the tenants, or note an exception'
        else format(
            E'-- review: they give access to nothing\ndelete from %1$s as m where m.tenant_id is not null and not exists (select from public.tenants as t where t.id = m.tenant_id);',
            m.object
        )
    end as fix
from (
    select 'public.user_tenants' as object, u.tenant_id
    from public.user_tenants as u
    union all
    select 'public.user_roles', r.tenant_id
    from public.user_roles as r
    where r.tenant_id is not null
    union all
    select 'public.resource_sharing_audit', a.owner_tenant_id
    from public.resource_sharing_audit as a
) as m
where not exists (select from public.tenants as t where t.id = m.tenant_id)
group by m.object
