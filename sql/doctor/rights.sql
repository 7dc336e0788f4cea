-- Tells, for each kind of command, what the current role lacks and the statement that gives it, as a JSON array. Tables
-- that do not exist yet are left out.
-- Looks names up in the catalogs: to_regclass fails for a schema that the role may not use.
with relations as (
    select c.oid, n.nspname || '.' || c.relname as name, c.relowner, c.relnamespace
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.relkind = 'r'
),
tables as (
    select r.oid, r.name, r.relowner, r.relnamespace
    from relations as r
    where r.name in (
        'public.agents',
        'public.tenants',
        'public.user_tenants',
        'public.user_roles',
        'public.resource_sharing_audit',
        'vital_private.admin_audit',
        'vital_private.refinery_schema_history'
    )
)
select coalesce(jsonb_agg(to_jsonb(l) order by l.needed_for, l.what), '[]')::text as json
from (
    select
        'verify' as needed_for,
        'select on ' || string_agg(t.name, ', ' order by t.name) as what,
        format('grant pg_read_all_data to %I', current_user) as remedy
    from tables as t
    where not (
        has_table_privilege(t.oid, 'select')
        and has_schema_privilege(t.relnamespace, 'usage')
    )
    having count(*) > 0
    union all
    select
        'verify (behaviour)',
        'membership in ' || string_agg(r.rolname, ', ' order by r.rolname),
        format('grant %s to %I', string_agg(quote_ident(r.rolname), ', ' order by r.rolname), current_user)
    from pg_catalog.pg_roles as r
    where r.rolname in ('anon', 'authenticated', 'service_role')
      and not pg_has_role(r.oid, 'member')
    having count(*) > 0
    union all
    select
        'tenant, user, seed, assign-user, grant-admin',
        'the rights of the owner of ' || string_agg(t.name, ', ' order by t.name),
        format('grant %I to %I', pg_get_userbyid(t.relowner), current_user)
    from tables as t
    where not pg_has_role(t.relowner, 'usage')
      and t.name in ('public.tenants', 'public.user_tenants', 'public.user_roles')
    group by t.relowner
    union all
    select
        'names and addresses of users',
        'select on auth.users',
        format('grant usage on schema auth to %1$I; grant select on auth.users to %1$I', current_user)
    from relations as u
    where u.name = 'auth.users'
      and not (
          has_schema_privilege(u.relnamespace, 'usage')
          and has_table_privilege(u.oid, 'select')
      )
) as l
