-- The columns of migration 2, ahead of it, so that their indexes can be built without blocking anybody.
-- Locks: access exclusive on public.agents for milliseconds; no row is written.
-- Kind: transaction

set local client_min_messages = warning;

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

alter table public.agents
    alter column tenant_id drop default,
    alter column is_shared set default false,
    alter column sharing_mode set default 'private',
    alter column shared_with drop default,
    alter column resource_type drop default,
    alter column tags drop default;
