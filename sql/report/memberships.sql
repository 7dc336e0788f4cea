-- Memberships of a tenant ($1), with a role ($2), in a status ($3), of a user ($4); null leaves a filter out.
-- Returns: user_id uuid, tenant text, tenant_status text, role text, status text, since timestamptz, granted text[]

select
    m.user_id,
    t.slug::text as tenant,
    t.status::text as tenant_status,
    m.role::text as role,
    m.status::text as status,
    case m.status when 'invited' then coalesce(m.invited_at, m.created_at) else coalesce(m.joined_at, m.created_at) end
        as since,
    array(
        select r.role::text
        from public.user_roles as r
        where r.user_id = m.user_id
          and r.tenant_id = m.tenant_id
        order by 1
    ) as granted
from public.user_tenants as m
join public.tenants as t on t.id = m.tenant_id
where ($1::uuid is null or m.tenant_id = $1)
  and ($2::text is null or m.role = $2)
  and ($3::text is null or m.status = $3)
  and ($4::uuid is null or m.user_id = $4)
order by t.slug, array_position(array['owner', 'admin', 'member', 'guest'], m.role::text), m.user_id
