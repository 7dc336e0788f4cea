-- The tables that the migrations promise, by oid; one that does not exist is null.
-- Returns: oid

select to_regclass(t.name)::oid
from unnest(array[
    'public.tenants',
    'public.user_tenants',
    'public.user_roles',
    'public.agents',
    'public.resource_sharing_audit',
    'vital_private.replaced_policies'
]) as t (name)
