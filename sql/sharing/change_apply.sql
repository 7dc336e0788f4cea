-- Makes the change if it is about the agents that were shown; the triggers on agents check the recipients and write the audit.
-- Further param: fingerprint text

update public.agents as a
set
    is_shared = c.mode_after <> 'private',
    sharing_mode = c.mode_after,
    shared_with = case when c.mode_after = 'selective' then c.recipients_after end
from change as c
where a.id = c.id
  and c.is_changed
  and $8::text = (
      select md5(coalesce(string_agg(concat_ws(' ', e.id, e.tenant_id, e.mode_before, e.recipients_before), ',' order by e.id), ''))
      from change as e
  )
