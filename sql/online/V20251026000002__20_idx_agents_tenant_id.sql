-- Builds idx_agents_tenant_id without blocking anybody.
-- Kind: index idx_agents_tenant_id

create index concurrently idx_agents_tenant_id on public.agents (tenant_id, created_at desc)
