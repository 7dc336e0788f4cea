-- Whom to ask who sees what: of each tenant that has active members one of them, and one platform admin.
-- Returns: who text, tenant_id text, user_id text

(
    select
        format('members of %s', t.slug) as who,
        t.id::text as tenant_id,
        (array_agg(m.user_id::text order by m.user_id))[1] as user_id
    from public.tenants as t
    join public.user_tenants as m on m.tenant_id::text = t.id::text
    where m.status::text = 'active'
      and t.status::text = 'active'
      and not exists (
          select
          from public.user_roles as r
          where r.user_id = m.user_id
            and r.role::text = 'platform_admin'
      )
    group by t.id, t.slug
    order by count(*) desc, t.slug
    limit 12
)
union all
(
    select 'platform admins', null, r.user_id::text
    from public.user_roles as r
    where r.role::text = 'platform_admin'
      and r.tenant_id is null
    order by r.user_id
    limit 1
)
