-- The agents that change, by what they are changed to, if they are those that were shown.
-- Further param: fingerprint text
-- Returns: ids uuid[], agents bigint, mode_after text, recipients_after uuid[]

select
    array_agg(c.id order by c.id) as ids,
    count(*) as agents,
    c.mode_after,
    case when c.mode_after = 'selective' then c.recipients_after end as recipients_after
from change as c
where c.is_changed
  and $8::text = (
      select md5(coalesce(string_agg(concat_ws(' ', e.id, e.tenant_id, e.mode_before, e.recipients_before), ',' order by e.id), ''))
      from change as e
  )
group by c.mode_after, case when c.mode_after = 'selective' then c.recipients_after end
