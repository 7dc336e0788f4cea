-- What became of a transaction.
-- Returns: status text, one of committed, aborted, in progress; null if it is too long ago

select pg_catalog.pg_xact_status($1::text::xid8) as status
