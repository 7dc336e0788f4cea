create index concurrently idx_agents_tenant_id on public.agents (tenant_id, created_at desc)
