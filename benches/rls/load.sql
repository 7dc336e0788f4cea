-- Loads tenants, users and agents for the bench, in place of those of the fixtures. Triggers are off: they would check and
-- audit a million rows one by one.
--
-- Settings: bench.agents, bench.tenants
-- One agent in a hundred is global and the platform's, one in a hundred is shared with three tenants. Tenants are spread
-- over the table at random; created_at follows the order of the rows, as in a table that grows.

set session_replication_role = replica;

delete from public.agents;

insert into public.tenants (id, name, slug, type)
select
    md5('tenant ' || n)::uuid,
    'Tenant ' || n,
    'tenant-' || n,
    'client'
from generate_series(1, current_setting('bench.tenants')::integer) as n;

insert into public.user_tenants (user_id, tenant_id, role)
select md5('user ' || n)::uuid, md5('tenant ' || n)::uuid, 'member'
from generate_series(1, current_setting('bench.tenants')::integer) as n
union all
select md5('consultant')::uuid, md5('tenant ' || n)::uuid, 'member'
from generate_series(1, 3) as n;

insert into public.user_roles (user_id, role)
values (md5('admin')::uuid, 'platform_admin');

insert into auth.users (id)
select m.user_id
from public.user_tenants as m
union
select r.user_id
from public.user_roles as r
on conflict do nothing;

insert into public.agents (
    id,
    name,
    description,
    system_prompt,
    capabilities,
    created_at,
    updated_at,
    slug,
    title,
    tenant_id,
    is_shared,
    sharing_mode,
    shared_with,
    resource_type
)
select
    md5('agent ' || n)::uuid,
    'Agent ' || n,
    repeat('description ', 4),
    repeat('prompt ', 12),
    '["analysis", "writing"]',
    moment,
    moment,
    'agent-' || n,
    'Title of agent ' || n,
    case
        when n % 100 = 7 then uuid '00000000-0000-0000-0000-000000000001'
        else md5('tenant ' || 1 + abs(hashint4(n)::bigint) % tenants)::uuid
    end,
    n % 100 in (7, 42),
    case n % 100 when 7 then 'global' when 42 then 'selective' else 'private' end,
    case
        when n % 100 = 42 then array[
            md5('tenant ' || 1 + abs(hashint4(n + 1)::bigint) % tenants)::uuid,
            md5('tenant ' || 1 + (abs(hashint4(n + 1)::bigint) + 1) % tenants)::uuid,
            md5('tenant ' || 1 + (abs(hashint4(n + 1)::bigint) + 2) % tenants)::uuid
        ]
    end,
    case n % 100 when 7 then 'platform' else 'custom' end
from generate_series(1, current_setting('bench.agents')::integer) as n
cross join (select current_setting('bench.tenants')::integer as tenants) as settings
cross join lateral (
    select timestamptz '2025-01-01 00:00+00' + n * interval '20 seconds' as moment
) as clock;

set session_replication_role = origin;
