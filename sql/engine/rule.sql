-- The rule of a constraint ($2) of a table in public ($1), without the casts that the server adds.
-- Returns: definition text

select regexp_replace(pg_catalog.pg_get_constraintdef(c.oid), '::(text|character varying)(\[\])?', '', 'g') as definition
from pg_catalog.pg_constraint as c
where c.conrelid = to_regclass(format('public.%I', $1::text))
  and c.conname = $2::text
