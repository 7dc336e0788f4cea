-- Gives the next $2 agents without a tenant, in the order of their ids from $1 (exclusive), to the platform, as migration 4
-- would at once. Run until it counts no row.
-- $1 uuid, the last id of the batch before; $2 bigint, the size of a batch
-- Returns: last_id uuid, agents bigint
-- Kind: batches

with batch as (
    select a.id
    from public.agents as a
    where a.id > $1
      and a.tenant_id is null
    order by a.id
    limit $2
    for update
), given as (
    update public.agents as a
    set
        tenant_id = '00000000-0000-0000-0000-000000000001',
        is_shared = true,
        sharing_mode = 'global',
        shared_with = null,
        resource_type = 'platform'
    from batch
    where a.id = batch.id
    returning a.id
)
select
    (select b.id from batch as b order by b.id desc limit 1) as last_id,
    (select count(*) from given) as agents
