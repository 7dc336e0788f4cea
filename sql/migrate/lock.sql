-- Takes the migration lock until the end of the transaction: the history, which no role of the API may lock. Anybody may
-- take any advisory lock, so a key would let them keep migrations from running.
--
-- Fails at once with 55P03 while another runner holds it. Where the history is missing it is created here, in a schema that
-- no API exposes: whoever creates it at the same time waits for this transaction, and fails with 55P03 or 23505.
do $lock$
begin
    if to_regclass('vital_private.refinery_schema_history') is null then
        create schema if not exists vital_private;
        create table vital_private.refinery_schema_history (
            version int8 primary key,
            name varchar(255),
            applied_on varchar(255),
            checksum varchar(255),
            applied_by name not null default session_user,
            took interval not null default clock_timestamp() - transaction_timestamp()
        );
    end if;
    lock table vital_private.refinery_schema_history in exclusive mode nowait;
end
$lock$
