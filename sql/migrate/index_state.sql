-- Describes the index of this name in public, as a JSON object, or null if there is none.
select (
    select jsonb_build_object(
        'on_agents', i.indrelid = to_regclass('public.agents'),
        'valid', i.indisvalid,
        'table', i.indrelid::regclass::text
    )
    from pg_catalog.pg_index i
    join pg_catalog.pg_class c on c.oid = i.indexrelid
    where c.relnamespace = to_regnamespace('public')
        and c.relname = :'name'
)::text as json
