-- The rule of a constraint of a table in public.
-- Returns: definition text

select pg_catalog.pg_get_constraintdef(c.oid) as definition
from pg_catalog.pg_constraint as c
where c.conrelid = to_regclass(format('public.%I', $1::text))
  and c.conname = $2::text
