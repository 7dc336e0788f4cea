-- Builds idx_agents_shared_with without blocking anybody.
-- Kind: index idx_agents_shared_with

create index concurrently idx_agents_shared_with on public.agents using gin (shared_with) where sharing_mode = 'selective'
