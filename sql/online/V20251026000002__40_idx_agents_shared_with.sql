create index concurrently idx_agents_shared_with on public.agents using gin (shared_with) where sharing_mode = 'selective'
