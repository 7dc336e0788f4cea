-- Creates the migration history where it is missing, in a schema that no API exposes.
--
-- Runs under the migration lock, in the transaction of the first migration.
do $history$
declare
    api_role name;
begin
    create schema if not exists vital_private;

    create table if not exists vital_private.refinery_schema_history (
        version int8 primary key,
        name varchar(255),
        applied_on varchar(255),
        checksum varchar(255),
        applied_by name not null default session_user,
        took interval not null default clock_timestamp() - transaction_timestamp()
    );

    revoke all on schema vital_private from public;
    revoke all on table vital_private.refinery_schema_history from public;

    -- A Supabase project grants everything on new tables to these roles by name.
    for api_role in
        select rolname
        from pg_catalog.pg_roles
        where rolname in ('anon', 'authenticated', 'service_role')
    loop
        execute format('revoke all on table vital_private.refinery_schema_history from %I', api_role);
    end loop;
end
$history$
