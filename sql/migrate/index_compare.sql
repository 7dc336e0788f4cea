-- Tells whether the index on public.agents is built as the one of the same name on a temporary copy.
select split_part(pg_get_indexdef(to_regclass('public.' || :'name')), ' USING ', 2)
    = split_part(pg_get_indexdef(to_regclass('pg_temp.' || :'name')), ' USING ', 2) as same
