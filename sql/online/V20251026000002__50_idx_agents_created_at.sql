create index concurrently idx_agents_created_at on public.agents (created_at desc)
