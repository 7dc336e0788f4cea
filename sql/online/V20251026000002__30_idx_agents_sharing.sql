-- Builds idx_agents_sharing without blocking anybody.
-- Kind: index idx_agents_sharing

create index concurrently idx_agents_sharing on public.agents (created_at desc) where sharing_mode = 'global'
