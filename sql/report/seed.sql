-- The tenancy as it stands, in one snapshot: a row for each tenant, as one document ({document}).
-- Returns: document jsonb, parent text, members jsonb, admins uuid[], the same in every row

select
    {document} as document,
    p.slug::text as parent,
    (
        select coalesce(
            jsonb_agg(jsonb_build_array(m.user_id, m.role, m.status) order by m.user_id),
            '[]'
        )
        from public.user_tenants as m
        where m.tenant_id = t.id
    ) as members,
    array(
        select r.user_id
        from public.user_roles as r
        where r.role = 'platform_admin'
          and r.tenant_id is null
        order by r.user_id
    ) as admins
from public.tenants as t
left join public.tenants as p on p.id = t.parent_tenant_id
order by t.type <> 'platform', t.slug collate "C"
