-- The newest agents with who owns them and whom they are shared with. Params: limit bigint
-- Returns: id uuid, name text, tenant_id uuid, sharing_mode text, shared_with uuid[]

select a.id, a.name::text, a.tenant_id, a.sharing_mode::text, a.shared_with
from public.agents as a
order by a.created_at desc
limit $1::bigint
