-- Tells, for each kind of command, what the current role lacks and the statement that gives it, as a JSON array. Tables
-- that do not exist yet are left out, and before the first migration `agents` is the business of `migrate up` alone.
-- Looks names up in the catalogs: to_regclass fails for a schema that the role may not use.
with relations as (
    select c.oid, n.nspname || '.' || c.relname as name, c.relowner, c.relnamespace
    from pg_catalog.pg_class as c
    join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
    where c.relkind = 'r'
),
tables as (
    select
        r.oid,
        r.name,
        r.relowner,
        has_table_privilege(r.oid, 'select') and has_schema_privilege(r.relnamespace, 'usage') as is_readable,
        row_security_active(r.oid) as is_filtered
    from relations as r
    where r.name in (
        {qualified:tables:public},
        'vital_private.admin_audit',
        'vital_private.refinery_schema_history',
        'vital_private.sharing_sources',
        'auth.users'
    )
),
me as (
    select
        r.rolinherit as inherits,
        current_setting('server_version_num')::int >= 160000 as has_grant_options
    from pg_catalog.pg_roles as r
    where r.rolname = current_user
)
select coalesce(jsonb_agg(to_jsonb(l) order by l.rank, l.what), '[]')::text as json
from (
    select
        1 as rank,
        'reading' as needed_for,
        'select on ' || string_agg(t.name, ', ' order by t.name) as what,
        format('grant pg_read_all_data to %I', current_user) as remedy
    from tables as t
    where not t.is_readable
      and t.name <> 'auth.users'
    having count(*) > 0
    union all
    select
        2,
        'users by address',
        'select on auth.users',
        format('grant usage on schema auth to %1$I; grant select on auth.users to %1$I', current_user)
    from tables as t
    where not t.is_readable
      and t.name = 'auth.users'
    union all
    select
        3,
        case
            when bool_and(t.name = 'auth.users') then 'users by address'
            else 'verify, sharing, lists'
        end,
        'the visibility of rows: row security hides those of ' || string_agg(t.name, ', ' order by t.name),
        format('alter role %I bypassrls', current_user)
    from tables as t
    where t.is_filtered
      and t.name not like 'vital\_private.%'
    having count(*) > 0
    union all
    select
        4,
        'verify (behaviour)',
        'membership in ' || string_agg(r.rolname, ', ' order by r.rolname),
        format(
            'grant %s to %I%s',
            string_agg(quote_ident(r.rolname), ', ' order by r.rolname),
            current_user,
            case when bool_or(pg_has_role(r.oid, 'member')) then ' with set true' else '' end
        )
    from pg_catalog.pg_roles as r
    cross join me
    where r.rolname in ('anon', 'authenticated', 'service_role')
      -- From 16 on, a member may be denied the switch to the role.
      and not pg_has_role(r.oid, case when me.has_grant_options then 'set' else 'member' end)
    having count(*) > 0
    union all
    select
        5,
        'verify (behaviour), changes',
        'the rights of the owner of ' || string_agg(t.name, ', ' order by t.name),
        case
            when pg_has_role(t.relowner, 'member') or not me.inherits
                then case
                    -- From 16 on, each grant says whether it is inherited.
                    when me.has_grant_options
                        then format('grant %I to %I with inherit true', pg_get_userbyid(t.relowner), current_user)
                    else format('grant %I to %2$I; alter role %2$I inherit', pg_get_userbyid(t.relowner), current_user)
                end
            else format('grant %I to %I', pg_get_userbyid(t.relowner), current_user)
        end
    from tables as t
    cross join me
    where not pg_has_role(t.relowner, 'usage')
      and t.name like 'public.%'
      and exists (select from relations as r where r.name = 'public.tenants')
    group by t.relowner, me.inherits, me.has_grant_options
) as l
