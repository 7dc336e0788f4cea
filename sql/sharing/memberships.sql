-- What a user is: platform admin or not, and a row for each membership. Params: user_id uuid
-- Returns: is_admin boolean, id uuid, slug text, name text, status text, role text, membership text (all null: none)

select
    exists (
        select
        from public.user_roles as r
        where r.user_id = $1::uuid
          and r.role = 'platform_admin'
          and r.tenant_id is null
    ) as is_admin,
    t.id,
    t.slug::text,
    t.name::text,
    coalesce(case when t.deleted_at is null then t.status else 'deleted' end, 'unknown')::text as status,
    m.role::text,
    m.status::text as membership
from (values (1)) as once
left join public.user_tenants as m on m.user_id = $1::uuid
left join public.tenants as t on t.id = m.tenant_id
order by t.slug collate "C"
