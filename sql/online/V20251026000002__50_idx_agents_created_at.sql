-- Builds idx_agents_created_at without blocking anybody.
-- Kind: index idx_agents_created_at

create index concurrently idx_agents_created_at on public.agents (created_at desc)
