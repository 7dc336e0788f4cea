-- Whether row security is on, for the tables of the tenancy that the API roles reach.
-- Returns: object text, facts jsonb

select
    c.oid::regclass::text as object,
    jsonb_build_object('enabled', c.relrowsecurity) as facts
from pg_class as c
where c.oid in ({our_tables})
  and c.relnamespace = 'public'::regnamespace
