-- A document ($1) with a value ($3) at a path ($2), or without what is at the path if the value is null.
-- Returns: document text

select
    case
        when $3::text is null then d.document #- $2::text[]
        else jsonb_set(d.document, $2::text[], $3::text::jsonb)
    end::text as document
from (select $1::text::jsonb) as d (document)
