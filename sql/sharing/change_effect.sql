-- For each tenant, how many agents its members see that they did not, and the reverse.
-- Returns: id uuid, slug text, name text, status text, gains bigint, loses bigint

, edge as (
    select
        c.id,
        recipient.id as tenant_id,
        c.mode_before,
        c.mode_after,
        recipient.id = any (c.recipients_before) as was,
        recipient.id = any (c.recipients_after) as is
    from change as c
    cross join lateral (
        select unnest(c.recipients_before)
        union
        select unnest(c.recipients_after)
    ) as recipient (id)
    where recipient.id is distinct from c.tenant_id
),
everybody as (
    select
        count(*) filter (where c.mode_before <> 'global' and c.mode_after = 'global') as opened,
        count(*) filter (where c.mode_before = 'global' and c.mode_after <> 'global') as closed
    from change as c
),
owner as (
    select
        c.tenant_id,
        count(*) filter (where c.mode_before <> 'global' and c.mode_after = 'global') as opened,
        count(*) filter (where c.mode_before = 'global' and c.mode_after <> 'global') as closed
    from change as c
    group by c.tenant_id
),
recipient as (
    select
        e.tenant_id,
        count(*) filter (where e.was and e.mode_before <> 'global' and e.mode_after = 'global') as had,
        count(*) filter (where e.is and e.mode_before = 'global' and e.mode_after <> 'global') as keeps,
        count(*) filter (where e.is and not e.was and e.mode_before <> 'global' and e.mode_after <> 'global') as gains,
        count(*) filter (where e.was and not e.is and e.mode_before <> 'global' and e.mode_after <> 'global') as loses
    from edge as e
    group by e.tenant_id
),
effect as (
    select
        t.id,
        t.slug::text,
        t.name::text,
        coalesce(case when t.deleted_at is null then t.status else 'deleted' end, 'unknown')::text as status,
        everybody.opened - coalesce(owner.opened, 0) - coalesce(recipient.had, 0) + coalesce(recipient.gains, 0) as gains,
        everybody.closed - coalesce(owner.closed, 0) - coalesce(recipient.keeps, 0) + coalesce(recipient.loses, 0) as loses
    from public.tenants as t
    cross join everybody
    left join owner on owner.tenant_id = t.id
    left join recipient on recipient.tenant_id = t.id
)
select e.*
from effect as e
where e.gains > 0
   or e.loses > 0
order by e.gains + e.loses desc, e.slug collate "C"
