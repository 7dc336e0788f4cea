-- A document ($1) with an empty object at a path ($2) where nothing is; what is there stays.
-- Returns: document text, kind text, null for the document itself being no object

select
    case
        when d.document #> $2::text[] is null or d.document #> $2::text[] = 'null'
            then jsonb_set(d.document, $2::text[], '{}')
        else d.document
    end::text as document,
    coalesce(nullif(jsonb_typeof(d.document #> $2::text[]), 'null'), 'object') as kind
from (select $1::text::jsonb) as d (document)
