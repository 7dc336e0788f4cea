-- Agents with who owns them and whom they are shared with: those shared selectively first, because who sees them cannot be
-- told from their owner, then the others, the newest first. Params: owners uuid[], null for all; limit bigint
-- Returns: id uuid, name text, tenant_id uuid, sharing_mode text, shared_with uuid[]

(
    select a.id, a.name::text, a.tenant_id, a.sharing_mode::text, a.shared_with
    from public.agents as a
    where a.sharing_mode = 'selective'
      and ($1::uuid[] is null or a.tenant_id = any ($1::uuid[]))
    order by a.created_at desc, a.id
    limit $2::bigint
)
union all
(
    select a.id, a.name::text, a.tenant_id, a.sharing_mode::text, a.shared_with
    from public.agents as a
    where a.sharing_mode is distinct from 'selective'
      and ($1::uuid[] is null or a.tenant_id = any ($1::uuid[]))
    order by a.created_at desc, a.id
    limit $2::bigint
)
limit $2::bigint
