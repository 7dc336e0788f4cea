-- The archive of what was removed when migrations were undone, and the functions that fill and empty it.
--
-- Creates: schema vital_archive, closed to everybody but its owner; tables sets, steps, contents, policies; 6 functions
-- Every removed table becomes a table of its own, set_<set>_<table>, which vital_archive.contents lists.
--
-- Safe to run again. Runs before each migration that is undone, and before archived data is put back.

set local client_min_messages = warning;

create schema if not exists vital_archive;
comment on schema vital_archive is
    'What was removed when migrations were undone. Not for an exposed API schema. Drop it once nothing in it is wanted any more.';

create table if not exists vital_archive.sets (
    id bigint generated always as identity constraint sets_pkey primary key,
    run uuid not null constraint sets_run_key unique,
    begun_at timestamptz not null default now(),
    taken_by name not null default session_user,
    from_version bigint not null,
    to_version bigint not null
);

create table if not exists vital_archive.steps (
    set_id bigint not null constraint steps_set_id_fkey references vital_archive.sets (id),
    version bigint not null,
    name text not null,
    checksum text not null,
    applied_on text not null,
    applied_by name not null,
    took interval not null,
    undone_at timestamptz not null default now(),
    constraint steps_pkey primary key (set_id, version)
);

create table if not exists vital_archive.contents (
    id bigint generated always as identity constraint contents_pkey primary key,
    set_id bigint not null constraint contents_set_id_fkey references vital_archive.sets (id),
    version bigint not null,
    source text not null,
    archive_table name not null,
    row_count bigint not null,
    archived_at timestamptz not null default now(),
    restored_at timestamptz,
    restored_rows bigint,
    constraint contents_set_id_source_key unique (set_id, source)
);

create table if not exists vital_archive.policies (
    set_id bigint not null constraint policies_set_id_fkey references vital_archive.sets (id),
    policy_name name not null,
    definition text not null,
    refusal text,
    constraint policies_pkey primary key (set_id, policy_name)
);

comment on table vital_archive.sets is 'One row for each run of "vital migrate down" that undid something.';
comment on table vital_archive.steps is 'The migrations that a run undid, as the history had them.';
comment on table vital_archive.contents is
    'Which table holds what: rows of source as they were when the migration was undone, and when they were put back.';
comment on table vital_archive.policies is
    'Policies on public.agents that a run created again with --restore-policies; refusal says why one could not be.';

-- Takes every privilege on the schema and on what is in it from everybody but the owner, whoever they are: default
-- privileges of any role may have given it.
create or replace function vital_archive.close()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_grant record;
begin
    for v_grant in
        with granted as (
            select 'schema ' || n.oid::regnamespace as object, n.nspowner as owner, a.grantee
            from pg_namespace as n
            cross join lateral aclexplode(n.nspacl) as a
            where n.nspname = 'vital_archive'
            union
            select 'function ' || p.oid::regprocedure, p.proowner, a.grantee
            from pg_proc as p
            cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
            where p.pronamespace = 'vital_archive'::regnamespace
            union
            select
                case c.relkind when 'S' then 'sequence ' else 'table ' end || c.oid::regclass,
                c.relowner,
                a.grantee
            from pg_class as c
            cross join lateral (
                select e.grantee
                from aclexplode(c.relacl) as e
                union
                select e.grantee
                from pg_attribute as t
                cross join lateral aclexplode(t.attacl) as e
                where t.attrelid = c.oid
            ) as a
            where c.relnamespace = 'vital_archive'::regnamespace
              and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
        )
        select g.object, case when g.grantee = 0 then 'public' else g.grantee::regrole::text end as grantee
        from granted as g
        where g.grantee <> g.owner
    loop
        execute format('revoke all on %s from %s cascade', v_grant.object, v_grant.grantee);
    end loop;
end
$$;

-- The set of the running transaction, which the setting vital.archive_run names.
create or replace function vital_archive.current_set()
returns bigint
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select s.id
    from vital_archive.sets as s
    where s.run = current_setting('vital.archive_run')::uuid
$$;

-- Opens the set if this is its first migration, and takes the migration's row out of the history into it.
create or replace function vital_archive.begin_step(p_run uuid, p_version bigint, p_to_version bigint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform set_config('vital.archive_run', p_run::text, true);
    insert into vital_archive.sets (run, from_version, to_version)
    select p_run, p_version, p_to_version
    where vital_archive.current_set() is null;

    insert into vital_archive.steps (set_id, version, name, checksum, applied_on, applied_by, took)
    select vital_archive.current_set(), h.version, h.name, h.checksum, h.applied_on, h.applied_by, h.took
    from vital_private.refinery_schema_history as h
    where h.version = p_version;
end
$$;

-- Copies a table, or some of its columns and rows, into the set. Does nothing if there is no such table.
create or replace function vital_archive.keep(
    p_version bigint,
    p_source text,
    p_columns text default '*',
    p_condition text default 'true'
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_set constant bigint := vital_archive.current_set();
    v_table constant name := format('set_%s_%s', v_set, split_part(p_source, '.', 2));
    v_rows bigint;
begin
    if to_regclass(p_source) is null then
        return;
    end if;
    execute format(
        'create table vital_archive.%I as select %s from %s where %s', v_table, p_columns, p_source, p_condition
    );
    perform vital_archive.close();
    execute format('select count(*) from vital_archive.%I', v_table) into v_rows;
    execute format(
        'comment on table vital_archive.%I is %L',
        v_table,
        format('Rows of %s that were removed when migration %s was undone on %s.', p_source, p_version, now())
    );
    insert into vital_archive.contents (set_id, version, source, archive_table, row_count)
    values (v_set, p_version, p_source, v_table, v_rows);
end
$$;

-- Puts back what the newest set holds of a migration, once. Triggers are off meanwhile: these are no new changes, so
-- nothing audits, stamps or refuses them. Columns that one side lacks are left out; constraints hold as always.
create or replace function vital_archive.restore(p_version bigint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_item record;
    v_trigger record;
    v_resume text[];
    v_rows bigint;
begin
    for v_item in
        select
            c.id,
            c.source::regclass as source,
            format('vital_archive.%I', c.archive_table)::regclass as archive,
            array_agg(quote_ident(a.attname) order by a.attnum) as columns,
            array_agg(quote_ident(a.attname) order by a.attnum) filter (where a.attidentity <> '') as identities
        from vital_archive.contents as c
        join pg_attribute as a on a.attrelid = c.source::regclass
        join pg_attribute as k
            on k.attrelid = format('vital_archive.%I', c.archive_table)::regclass
            and k.attname = a.attname
            and not k.attisdropped
        where c.version = p_version
          and c.set_id = (select max(n.set_id) from vital_archive.contents as n where n.version = p_version)
          and c.restored_at is null
          and a.attnum > 0
          and not a.attisdropped
          and a.attgenerated = ''
        group by c.id
        order by c.id
    loop
        v_resume := '{}';
        for v_trigger in
            select
                t.tgname,
                case t.tgenabled when 'O' then 'enable' when 'A' then 'enable always' else 'enable replica' end as was
            from pg_trigger as t
            where t.tgrelid = v_item.source
              and not t.tgisinternal
              and t.tgenabled <> 'D'
        loop
            execute format('alter table %s disable trigger %I', v_item.source, v_trigger.tgname);
            v_resume := v_resume || format('alter table %s %s trigger %I', v_item.source, v_trigger.was, v_trigger.tgname);
        end loop;

        if v_item.source = 'public.agents'::regclass then
            execute format(
                'update %s as a set (%s) = (select %s) from %s as k where k.id = a.id',
                v_item.source,
                array_to_string(array_remove(v_item.columns, 'id'), ', '),
                'k.' || array_to_string(array_remove(v_item.columns, 'id'), ', k.'),
                v_item.archive
            );
        else
            execute format(
                'insert into %1$s (%2$s) overriding system value select %2$s from %3$s on conflict do nothing',
                v_item.source,
                array_to_string(v_item.columns, ', '),
                v_item.archive
            );
        end if;
        get diagnostics v_rows = row_count;

        for i in 1..coalesce(cardinality(v_item.identities), 0) loop
            execute format(
                'select setval(pg_get_serial_sequence(%L, %L), max(%I)) from %s having max(%3$I) is not null',
                v_item.source,
                v_item.identities[i],
                v_item.identities[i],
                v_item.source
            );
        end loop;
        for i in 1..cardinality(v_resume) loop
            execute v_resume[i];
        end loop;

        update vital_archive.contents
        set
            restored_at = now(),
            restored_rows = v_rows
        where id = v_item.id;
    end loop;
end
$$;

-- Creates the policies on public.agents again that migrations replaced, the last of each name. One whose definition no
-- longer works, because it names what is gone, is noted with the reason.
create or replace function vital_archive.restore_policies()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_set constant bigint := vital_archive.current_set();
    v_replaced constant text := coalesce(
        to_regclass('vital_private.replaced_policies')::text,
        to_regclass(format('vital_archive.set_%s_replaced_policies', v_set))::text
    );
    v_policy record;
    v_refusal text;
begin
    for v_policy in execute format(
        'select distinct on (r.policy_name) r.policy_name, r.definition
        from %s as r
        where r.table_name = ''public.agents''
        order by r.policy_name, r.id desc',
        v_replaced
    )
    loop
        v_refusal := null;
        begin
            execute v_policy.definition;
        exception when others then
            v_refusal := sqlerrm;
        end;
        insert into vital_archive.policies (set_id, policy_name, definition, refusal)
        values (v_set, v_policy.policy_name, v_policy.definition, v_refusal);
    end loop;
end
$$;

select vital_archive.close();
