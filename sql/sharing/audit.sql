-- Who changed what, newest first. Params: agent uuid, tenant uuid, user uuid, since timestamptz, until timestamptz,
--     limit bigint (null: none), each but the last null for all
-- Returns: id uuid, at timestamptz, action text, agent_id uuid, agent text, owner text, affected text,
--     mode_before text, mode_after text, recipients_before text[], recipients_after text[], user_id uuid, via text,
--     address text

select
    e.id,
    e.created_at as at,
    e.action::text,
    e.resource_id as agent_id,
    e.resource_name::text as agent,
    coalesce(o.slug, e.owner_tenant_id::text)::text as owner,
    coalesce(t.slug, e.affected_tenant_id::text)::text as affected,
    e.previous_sharing_mode::text as mode_before,
    e.new_sharing_mode::text as mode_after,
    array(
        select coalesce(r.slug::text, named.id::text)
        from unnest(e.previous_shared_with) as named (id)
        left join public.tenants as r on r.id = named.id
        order by 1
    ) as recipients_before,
    array(
        select coalesce(r.slug::text, named.id::text)
        from unnest(e.new_shared_with) as named (id)
        left join public.tenants as r on r.id = named.id
        order by 1
    ) as recipients_after,
    c.performed_by_user_id as user_id,
    coalesce(c.user_agent, s.user_agent) as via,
    host(coalesce(c.ip_address, s.ip_address)) as address
from public.resource_sharing_audit as e
-- Who did it stands with the change itself, which the tenants that it affects do not read.
left join lateral (
    select c.id, c.performed_by_user_id, c.user_agent, c.ip_address
    from public.resource_sharing_audit as c
    where c.resource_id = e.resource_id
      and c.created_at = e.created_at
      and c.affected_tenant_id is null
    order by c.id = e.id desc
    limit 1
) as c on true
left join vital_private.sharing_sources as s on s.audit_id = c.id
left join public.tenants as o on o.id = e.owner_tenant_id
left join public.tenants as t on t.id = e.affected_tenant_id
where ($1::uuid is null or e.resource_id = $1::uuid)
  and (
      $2::uuid is null
      or e.owner_tenant_id = $2::uuid
      or e.affected_tenant_id = $2::uuid
      or e.previous_shared_with @> array[$2::uuid]
      or e.new_shared_with @> array[$2::uuid]
  )
  and ($3::uuid is null or c.performed_by_user_id = $3::uuid)
  and ($4::timestamptz is null or e.created_at >= $4::timestamptz)
  and ($5::timestamptz is null or e.created_at < $5::timestamptz)
-- What one change writes has one time: the change itself first, read from below.
order by e.created_at desc, e.resource_id, e.affected_tenant_id is null, e.id
limit $6::bigint
