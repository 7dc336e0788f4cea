-- The newest agents that a viewer sees; an agent without an owner is hidden from an admin, too, unless it is shared with
-- a tenant that exists. Params: acting tenant uuid, limit bigint, is_admin boolean
-- Returns: id uuid, name text, tenant_id uuid, owner text, sharing_mode text, shared_with uuid[]

select a.id, a.name, a.tenant_id, t.slug::text as owner, a.sharing_mode, a.shared_with
from (
    (
        select a.id, a.name::text, a.tenant_id, a.sharing_mode::text, a.shared_with, a.created_at
        from public.agents as a
        where a.tenant_id = $1::uuid
        order by a.created_at desc
        limit $2::bigint
    )
    union all
    (
        select a.id, a.name::text, a.tenant_id, a.sharing_mode::text, a.shared_with, a.created_at
        from public.agents as a
        where a.sharing_mode = 'global'
        order by a.created_at desc
        limit $2::bigint
    )
    union all
    (
        select a.id, a.name::text, a.tenant_id, a.sharing_mode::text, a.shared_with, a.created_at
        from public.agents as a
        where a.sharing_mode = 'selective'
          and a.shared_with && array[$1::uuid]
        order by a.created_at desc
        limit $2::bigint
    )
    union all
    (
        select a.id, a.name::text, a.tenant_id, a.sharing_mode::text, a.shared_with, a.created_at
        from public.agents as a
        where $3::boolean
          and (
              a.tenant_id is not null
              or a.sharing_mode = 'global'
              or (a.sharing_mode = 'selective' and a.shared_with && array(select t.id from public.tenants as t))
          )
        order by a.created_at desc
        limit $2::bigint
    )
) as a
left join public.tenants as t on t.id = a.tenant_id
group by a.id, a.name, a.tenant_id, t.slug, a.sharing_mode, a.shared_with, a.created_at
order by a.created_at desc, a.id
limit $2::bigint
