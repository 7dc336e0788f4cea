-- The tables that the migrations promise.
-- Returns: oid

select c.oid
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where (n.nspname, c.relname) in (
    ('public', 'tenants'),
    ('public', 'user_tenants'),
    ('public', 'user_roles'),
    ('public', 'agents'),
    ('public', 'resource_sharing_audit'),
    ('vital_private', 'replaced_policies')
)
