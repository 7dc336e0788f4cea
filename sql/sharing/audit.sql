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
    e.performed_by_user_id as user_id,
    e.user_agent as via,
    host(e.ip_address) as address
from public.resource_sharing_audit as e
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
  and ($3::uuid is null or e.performed_by_user_id = $3::uuid)
  and ($4::timestamptz is null or e.created_at >= $4::timestamptz)
  and ($5::timestamptz is null or e.created_at < $5::timestamptz)
-- What one change writes has one time: the change itself first, read from below.
order by e.created_at desc, e.resource_id, e.affected_tenant_id is null, e.id
limit $6::bigint
