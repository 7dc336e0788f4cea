-- Tells whether an agent has no tenant.
select exists (
    select
    from public.agents
    where tenant_id is null
)::text as json
