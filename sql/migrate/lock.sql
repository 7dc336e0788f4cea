-- Tries to take the migration lock until the end of the transaction.
select pg_catalog.pg_try_advisory_xact_lock(:key) as locked
