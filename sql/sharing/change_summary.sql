-- Counts the change, and fixes what it is about: the fingerprint changes with any chosen agent.
-- Returns: chosen bigint, changed bigint, mode_before text, mode_after text, agents bigint, fingerprint text,
--     left_alone bigint, emptied bigint

, counted as (
    select c.mode_before, c.mode_after, count(*) as agents
    from change as c
    where c.is_changed
    group by c.mode_before, c.mode_after
)
select
    whole.*,
    counted.mode_before,
    counted.mode_after,
    counted.agents
from (
    select
        count(*) as chosen,
        count(*) filter (where c.mode_before = 'global' and c.mode_after = 'global') as left_alone,
        count(*) filter (where c.mode_after = 'selective' and cardinality(c.recipients_after) = 0) as emptied,
        md5(coalesce(string_agg(concat_ws(' ', c.id, c.tenant_id, c.mode_before, c.recipients_before), ',' order by c.id), ''))
            as fingerprint
    from change as c
) as whole
left join counted on true
order by counted.mode_before, counted.mode_after
