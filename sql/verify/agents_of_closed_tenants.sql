-- id: agents-of-closed-tenants
-- level: warning
-- title: Agents of an archived or deleted tenant are still shared
-- explanation: The tenant's own members lost their access, but the tenants that its agents are shared with still read them.
-- fix: Make them private, or give them to another tenant.

select
    'agents-of-closed-tenants' as check_id,
    'warning' as level,
    format('tenant %s', t.slug) as object,
    'its agents are private' as expected,
    format('%s, with %s shared agents', case when t.deleted_at is null then t.status else 'deleted' end, count(*)) as actual,
    null as explanation,
    format(
        E'-- review: the tenants that read them lose them\nupdate public.agents set is_shared = false, sharing_mode = ''private'', shared_with = null\nwhere tenant_id = %L and sharing_mode <> ''private'';',
        t.id
    ) as fix
from public.tenants as t
join public.agents as a on a.tenant_id = t.id and a.sharing_mode <> 'private'
where t.status in ('archived', 'deleted')
   or t.deleted_at is not null
group by t.id, t.slug, t.status, t.deleted_at
