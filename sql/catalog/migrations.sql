-- The migrations that are recorded as applied.
-- Returns: object text, facts jsonb

select
    h.version::text as object,
    jsonb_build_object('name', h.name, 'checksum', h.checksum) as facts
from vital_private.refinery_schema_history as h
