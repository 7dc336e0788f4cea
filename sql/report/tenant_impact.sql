-- Whom it concerns that a tenant ($1) is not active.
-- Returns: members bigint, members_without_another bigint, private_agents bigint, selective_agents bigint,
--          recipients text[], global_agents bigint, received_agents bigint, sharers text[]

select
    members.members,
    members.members_without_another,
    own.private_agents,
    own.selective_agents,
    array(
        select t.slug::text
        from public.tenants as t
        where t.id in (
            select unnest(a.shared_with)
            from public.agents as a
            where a.tenant_id = $1::uuid
              and a.sharing_mode = 'selective'
        )
          and t.id <> $1::uuid
        order by 1
        limit 50
    ) as recipients,
    own.global_agents,
    received.received_agents,
    array(
        select distinct t.slug::text
        from public.agents as a
        join public.tenants as t on t.id = a.tenant_id
        where a.sharing_mode = 'selective'
          and a.shared_with && array[$1::uuid]
          and a.tenant_id <> $1::uuid
        order by 1
        limit 50
    ) as sharers
from (
    select
        count(*) as members,
        count(*) filter (
            where not exists (
                select
                from public.user_tenants as other
                join public.tenants as t on t.id = other.tenant_id
                where other.user_id = m.user_id
                  and other.tenant_id <> m.tenant_id
                  and other.status = 'active'
                  and t.status = 'active'
                  and t.deleted_at is null
            )
        ) as members_without_another
    from public.user_tenants as m
    where m.tenant_id = $1::uuid
      and m.status = 'active'
) as members
cross join (
    select
        count(*) filter (where a.sharing_mode = 'private') as private_agents,
        count(*) filter (where a.sharing_mode = 'selective') as selective_agents,
        count(*) filter (where a.sharing_mode = 'global') as global_agents
    from public.agents as a
    where a.tenant_id = $1::uuid
) as own
cross join (
    select count(*) as received_agents
    from public.agents as a
    where a.sharing_mode = 'selective'
      and a.shared_with && array[$1::uuid]
      and a.tenant_id <> $1::uuid
) as received
