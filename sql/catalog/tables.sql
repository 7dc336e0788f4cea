-- The tables of the tenancy. agents was there before, so its owner is not promised.
-- Returns: object text, facts jsonb

select
    c.oid::regclass::text as object,
    jsonb_strip_nulls(jsonb_build_object(
        'kind', case c.relkind when 'r' then 'table' when 'p' then 'table' else c.relkind::text end,
        'logged', c.relpersistence = 'p',
        'forced_row_security', c.relforcerowsecurity,
        'owner', case
            when c.oid = to_regclass('public.agents') then null
            when c.relowner = (select n.nspowner from pg_namespace as n where n.nspname = 'vital_private') then '<owner>'
            else pg_get_userbyid(c.relowner)::text
        end
    )) as facts
from pg_class as c
where c.oid in ({our_tables})
