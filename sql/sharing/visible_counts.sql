-- How many agents a viewer sees by each rule, each count looked up in an index and cut off at a limit. Under the first rule
-- that fits an agent: own, global, selective, platform admin.
-- Params: acting tenant uuid, limit bigint (null: none), is_admin boolean
-- Returns: own bigint, global bigint, global_seen bigint, selective bigint, total bigint (null unless admin)

select
    (
        select count(*)
        from (select from public.agents as a where a.tenant_id = $1::uuid limit $2::bigint) as own
    ) as own,
    everybody.others as global,
    everybody.seen as global_seen,
    (
        select count(*)
        from (
            select
            from public.agents as a
            where a.sharing_mode = 'selective'
              and a.shared_with && array[$1::uuid]
              and a.tenant_id is distinct from $1::uuid
            limit $2::bigint
        ) as received
    ) as selective,
    case when $3::boolean then (
        select count(*)
        from (select a.id from public.agents as a limit $2::bigint) as agent
    ) - (
        select count(*)
        from public.agents as a
        where a.tenant_id is null
          and a.sharing_mode <> 'global'
          and not (a.sharing_mode = 'selective' and a.shared_with && array(select t.id from public.tenants as t))
    ) end as total
from (
    select
        count(*) as seen,
        count(*) filter (where (agent.tenant_id = $1::uuid) is not true) as others
    from (select a.tenant_id from public.agents as a where a.sharing_mode = 'global' limit $2::bigint) as agent
) as everybody
