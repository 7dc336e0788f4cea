-- Tells whether the history table exists. A statement of its own, so that it sees what another runner committed
-- before this one got the lock.
select pg_catalog.to_regclass('vital_private.refinery_schema_history') is not null as history
