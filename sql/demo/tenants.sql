-- Every tenant with what it owns and what its members can read.
-- Returns: slug text, name text, type text, members bigint, owned bigint, accessible bigint

select
    t.slug,
    t.name,
    t.type,
    (select count(*) from public.user_tenants as m where m.tenant_id = t.id and m.status = 'active') as members,
    (select count(*) from public.agents as a where a.tenant_id = t.id) as owned,
    (
        select count(*)
        from public.agents as a
        where public.can_access_resource(a.tenant_id, a.is_shared, a.sharing_mode, a.shared_with, t.id)
    ) as accessible
from public.tenants as t
order by t.type <> 'platform', t.slug
