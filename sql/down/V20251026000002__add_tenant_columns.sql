-- Takes back the ten tenant columns of public.agents.
--
-- Archives: of public.agents, the ten columns of every agent that differs from what migration 2 gives an existing agent
-- Removes: these columns, 4 indexes and 4 constraints on public.agents
-- Keeps: every agent and its other columns; a column of these names that stood there before the migration
-- Locks: share row exclusive on public.agents while the values are copied, which blocks writers; then access exclusive for milliseconds; nothing is rewritten

set local client_min_messages = warning;

lock table public.agents in share row exclusive mode;

-- A column that stands before tenant_id was there before migration 2, which adds that one first.
do $$
declare
    v_columns name[];
begin
    select array_agg(a.attname order by a.attnum)
    into v_columns
    from pg_catalog.pg_attribute as a
    where a.attrelid = 'public.agents'::regclass
      and not a.attisdropped
      and a.attname in (
          'tenant_id',
          'is_shared',
          'sharing_mode',
          'shared_with',
          'resource_type',
          'tags',
          'category',
          'access_count',
          'last_accessed_at',
          'created_by_user_id'
      )
      and a.attnum >= (
          select t.attnum
          from pg_catalog.pg_attribute as t
          where t.attrelid = 'public.agents'::regclass
            and t.attname = 'tenant_id'
            and not t.attisdropped
      );

    perform vital_archive.keep(
        20251026000002,
        'public.agents',
        'id, ' || (select string_agg(quote_ident(c.name), ', ') from unnest(v_columns) as c (name)),
        $condition$
            tenant_id is distinct from '00000000-0000-0000-0000-000000000001'
            or is_shared is distinct from true
            or sharing_mode is distinct from 'global'
            or shared_with is not null
            or resource_type is distinct from 'platform'
            or tags is not null
            or category is not null
            or access_count is distinct from 0
            or last_accessed_at is not null
            or created_by_user_id is not null
        $condition$
    );

    alter table public.agents
        drop constraint if exists agents_tenant_id_fkey,
        drop constraint if exists agents_sharing_mode_check,
        drop constraint if exists agents_resource_type_check,
        drop constraint if exists agents_sharing_check;

    drop index if exists
        public.idx_agents_tenant_id,
        public.idx_agents_sharing,
        public.idx_agents_shared_with,
        public.idx_agents_created_at;

    execute (
        select 'alter table public.agents ' || string_agg(format('drop column %I', c.name), ', ')
        from unnest(v_columns) as c (name)
    );
end
$$;
