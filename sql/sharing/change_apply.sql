-- Makes the change; the triggers on agents check the recipients and write the audit.

update public.agents as a
set
    is_shared = c.mode_after <> 'private',
    sharing_mode = c.mode_after,
    shared_with = case when c.mode_after = 'selective' then c.recipients_after end
from change as c
where a.id = c.id
  and c.is_changed
