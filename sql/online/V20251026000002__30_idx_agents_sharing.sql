create index concurrently idx_agents_sharing on public.agents (created_at desc) where sharing_mode = 'global'
