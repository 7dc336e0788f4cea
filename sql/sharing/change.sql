-- What a change of sharing does to each chosen agent, before and after. The owner is no recipient; one that is named twice
-- counts once. An agent that stays as it is has the same mode and recipients on both sides.
-- Params: ids uuid[] (null: by filter), category text, owner uuid, name pattern text (like), verb text, mode text,
--     recipients uuid[]

with chosen as materialized (
    select
        a.id,
        a.name,
        a.tenant_id,
        a.sharing_mode::text as mode_before,
        case when a.sharing_mode = 'selective' then a.shared_with else '{}' end as recipients_before,
        array_remove($7::uuid[], a.tenant_id) as named
    from public.agents as a
    where ($1::uuid[] is null or a.id = any ($1::uuid[]))
      and ($2::text is null or a.category = $2::text)
      and ($3::uuid is null or a.tenant_id = $3::uuid)
      and ($4::text is null or a.name like $4::text)
),
wanted as materialized (
    select
        c.*,
        case
            when $5::text = 'set' and $6::text = 'selective' then c.named
            when $5::text = 'set' or c.mode_before = 'global' then '{}'
            when $5::text = 'share' then c.recipients_before || array(
                select fresh.id
                from unnest(c.named) as fresh (id)
                where fresh.id <> all (c.recipients_before)
            )
            else array(
                select kept.id
                from unnest(c.recipients_before) with ordinality as kept (id, place)
                where kept.id <> all ($7::uuid[])
                order by kept.place
            )
        end as recipients_after
    from chosen as c
),
settled as (
    select
        w.*,
        case
            when $5::text = 'set' then $6::text
            when w.mode_before = 'global' then 'global'
            when cardinality(w.recipients_after) > 0 then 'selective'
            else 'private'
        end as mode_after
    from wanted as w
),
change as materialized (
    select
        s.*,
        not (
            s.mode_before = s.mode_after
            and s.recipients_before @> s.recipients_after
            and s.recipients_before <@ s.recipients_after
        ) as is_changed
    from settled as s
)
