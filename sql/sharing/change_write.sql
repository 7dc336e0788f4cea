-- Gives agents a sharing; the triggers on agents check the recipients and write the audit.
-- Params: ids uuid[], is_shared boolean, sharing_mode text, shared_with uuid[]
-- Runs under the role's own path, so nothing but uuid = uuid is looked up.

update public.agents as a
set
    is_shared = $2::pg_catalog.bool,
    sharing_mode = $3::pg_catalog.text,
    shared_with = $4::pg_catalog.uuid[]
where a.id = any ($1::pg_catalog.uuid[])
