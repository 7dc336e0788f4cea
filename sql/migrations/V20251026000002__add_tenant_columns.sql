-- The ten tenant columns of public.agents, filled for the rows that exist without writing a single one of them.
--
-- Creates: columns tenant_id, is_shared, sharing_mode, shared_with, resource_type, tags, category, access_count, last_accessed_at, created_by_user_id; 4 indexes; 4 constraints, not yet validated
-- Changes: agents that exist become the platform tenant's, shared, global; indexes and constraints of an earlier form are replaced
-- Locks: access exclusive on public.agents, for milliseconds on a table of up to 100,000 rows; a larger one is prepared online first, which leaves this migration no index to build
--
-- Safe to run again, and as an owner who is no superuser.

set local client_min_messages = warning;
set local search_path = pg_catalog, pg_temp;

select vital_private.adopt(20251026000002);

-- Only a database that was migrated by hand has recipients already. Who is named twice is named once by migration 4; which of too
-- many are dispensable, nobody but their owner can say.
do $$
declare
    v_agents bigint;
begin
    if exists (
        select
        from pg_attribute as a
        where a.attrelid = 'public.agents'::regclass
          and a.attname = 'shared_with'
          and a.atttypid = 'uuid[]'::regtype
          and not a.attisdropped
    ) then
        execute '
            select count(*)
            from public.agents as a
            where cardinality(a.shared_with) > 200
              and length(array_to_tsvector(array_remove(a.shared_with, null)::text[])) > 200'
        into v_agents;
        if v_agents > 0 then
            raise exception 'agents that are shared with more than 200 tenants: %', v_agents
                using
                    errcode = 'object_not_in_prerequisite_state',
                    hint = 'share each with fewer, or with every tenant by is_shared = true, sharing_mode = ''global'', shared_with = null';
        end if;
    end if;
end
$$;

-- A constant default of a new column costs nothing: rows that exist take it from the catalog without being rewritten.
-- A column that exists already keeps its values, and migration 4 fills what is missing there.
alter table public.agents
    add column if not exists tenant_id uuid default '00000000-0000-0000-0000-000000000001',
    add column if not exists is_shared boolean default true,
    add column if not exists sharing_mode varchar(50) default 'global',
    add column if not exists shared_with uuid[],
    add column if not exists resource_type varchar(50) default 'platform',
    add column if not exists tags text[],
    add column if not exists category varchar(100),
    add column if not exists access_count integer default 0,
    add column if not exists last_accessed_at timestamptz,
    add column if not exists created_by_user_id uuid;

-- A new agent starts private; whose it is, the session says.
alter table public.agents
    alter column tenant_id drop default,
    alter column is_shared set default false,
    alter column sharing_mode set default 'private',
    alter column shared_with drop default,
    alter column resource_type drop default,
    alter column tags drop default;

-- Deleting a tenant never deletes its agents. Not valid: the platform tenant is not seeded yet, and validating scans the
-- table; migration 4 does it under a lock that blocks neither readers nor writers.
alter table public.agents
    drop constraint if exists agents_tenant_id_fkey,
    drop constraint if exists agents_sharing_mode_check,
    drop constraint if exists agents_resource_type_check,
    drop constraint if exists agents_sharing_check,
    add constraint agents_tenant_id_fkey
        foreign key (tenant_id) references public.tenants (id) on delete restrict
        not valid,
    add constraint agents_sharing_mode_check
        check (sharing_mode in ('private', 'global', 'selective'))
        not valid,
    add constraint agents_resource_type_check
        check (resource_type in ('platform', 'solution', 'industry', 'custom', 'shared'))
        not valid,
    -- The three sharing columns say the same: private is not shared, selective names somebody, global names nobody. And
    -- nobody is named twice, nor too many are, because readers of every tenant pay for it; a tsvector holds each word once.
    add constraint agents_sharing_check
        check (
            is_shared is not null
            and sharing_mode is not null
            and is_shared = (sharing_mode <> 'private')
            and (sharing_mode = 'selective') = (coalesce(cardinality(shared_with), 0) > 0)
            and array_position(shared_with, null) is null
            and coalesce(cardinality(shared_with), 0) <= 200
            and length(array_to_tsvector(coalesce(shared_with, '{}')::text[])) = coalesce(cardinality(shared_with), 0)
        )
        not valid;

-- An index that is as it should be, such as one built online beforehand, is kept.
do $$
declare
    v_index record;
begin
    for v_index in
        select wanted.name, wanted.definition
        from (
            values
                (
                    'idx_agents_tenant_id',
                    'CREATE INDEX idx_agents_tenant_id ON public.agents USING btree (tenant_id, created_at DESC)'
                ),
                (
                    'idx_agents_sharing',
                    'CREATE INDEX idx_agents_sharing ON public.agents USING btree (created_at DESC)'
                    ' WHERE ((sharing_mode)::text = ''global''::text)'
                ),
                (
                    'idx_agents_shared_with',
                    'CREATE INDEX idx_agents_shared_with ON public.agents USING gin (shared_with)'
                    ' WHERE ((sharing_mode)::text = ''selective''::text)'
                ),
                (
                    'idx_agents_created_at',
                    'CREATE INDEX idx_agents_created_at ON public.agents USING btree (created_at DESC)'
                )
        ) as wanted (name, definition)
        where not exists (
            select
            from pg_catalog.pg_index as i
            where i.indexrelid = to_regclass(format('public.%I', wanted.name))
              and i.indisvalid
              and pg_catalog.pg_get_indexdef(i.indexrelid) = wanted.definition
        )
    loop
        execute format('drop index if exists public.%I', v_index.name);
        execute v_index.definition;
    end loop;
end
$$;

comment on column public.agents.tenant_id is 'The owning tenant.';
comment on column public.agents.is_shared is 'Whether anybody but the owning tenant may read the agent; follows sharing_mode.';
comment on column public.agents.sharing_mode is 'private: the owning tenant; selective: also the tenants of shared_with; global: every tenant.';
comment on column public.agents.shared_with is 'The tenants that a selective agent is shared with.';
comment on column public.agents.resource_type is 'platform, solution, industry, custom or shared.';
comment on column public.agents.tags is 'Free tags.';
comment on column public.agents.category is 'One free category.';
comment on column public.agents.access_count is 'How often the agent was used.';
comment on column public.agents.last_accessed_at is 'When the agent was last used.';
comment on column public.agents.created_by_user_id is 'The user who created the agent; never changes through the API.';
