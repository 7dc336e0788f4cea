-- Which of these tenants ($1) have no active owner with an account.
-- Returns: id uuid, slug text

select t.id, t.slug::text as slug
from public.tenants as t
where t.id = any ($1::uuid[])
  and not exists (
      select
      from public.user_tenants as m
      where m.tenant_id = t.id
        and m.role = 'owner'
        and m.status = 'active'
        and vital_private.has_account(m.user_id)
  )
order by t.slug
