-- A tenant ($1), as one document ({document}), with its members and agents as counts.
-- Returns: document jsonb, parent text, members jsonb, agents jsonb, received bigint, owners uuid[]

select
    {document} as document,
    (select p.slug::text from public.tenants as p where p.id = t.parent_tenant_id) as parent,
    (
        select coalesce(jsonb_agg(to_jsonb(m) order by m.position, m.status), '[]')
        from (
            select
                m.role::text as role,
                m.status::text as status,
                count(*) as number,
                array_position(array['owner', 'admin', 'member', 'guest'], m.role::text) as position
            from public.user_tenants as m
            where m.tenant_id = t.id
            group by m.role, m.status
        ) as m
    ) as members,
    (
        select coalesce(jsonb_object_agg(a.sharing_mode, a.number), '{}')
        from (
            select coalesce(a.sharing_mode, 'private')::text as sharing_mode, count(*) as number
            from public.agents as a
            where a.tenant_id = t.id
            group by 1
        ) as a
    ) as agents,
    (
        select count(*)
        from public.agents as a
        where a.sharing_mode = 'selective'
          and a.shared_with && array[t.id]
          and a.tenant_id <> t.id
    ) as received,
    array(
        select m.user_id
        from public.user_tenants as m
        where m.tenant_id = t.id
          and m.role = 'owner'
          and m.status = 'active'
        order by m.created_at, m.user_id
        limit 20
    ) as owners
from public.tenants as t
where t.id = $1::uuid
