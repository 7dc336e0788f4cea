-- The columns of public.tenants, as the live catalog has them. The type leaves out a length, because an explicit cast to
-- a length cuts a longer text silently, where an assignment refuses it.
-- Returns: name text, quoted text, type text, is_json boolean, max_length integer, null for no limit

select
    a.attname::text as name,
    quote_ident(a.attname) as quoted,
    pg_catalog.format_type(a.atttypid, null) as type,
    a.atttypid = 'pg_catalog.jsonb'::regtype as is_json,
    case when a.atttypid = 'pg_catalog.varchar'::regtype and a.atttypmod > 4 then a.atttypmod - 4 end as max_length
from pg_catalog.pg_attribute as a
where a.attrelid = 'public.tenants'::regclass
  and a.attnum > 0
  and not a.attisdropped
order by a.attnum
