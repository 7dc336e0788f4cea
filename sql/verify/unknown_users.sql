-- id: unknown-users
-- level: warning
-- title: Memberships or roles belong to a user who is gone from auth.users
-- explanation: They give nobody access today, but count in reports, and an account that is restored with the same id finds
--   its old rights.
-- fix: Remove the memberships and delete the roles.
-- requires: auth.users

select
    'unknown-users' as check_id,
    case when bool_or(m.role = 'platform_admin') then 'error' else 'warning' end as level,
    m.object,
    'every user is in auth.users' as expected,
    format('%s of unknown users, such as %s (%s)', count(*), min(m.user_id::text), min(m.role)) as actual,
    null as explanation,
    format(
        E'-- review: of users who are gone\ndelete from %s as m where not exists (select from auth.users as u where u.id = m.user_id);',
        m.object
    ) as fix
from (
    select 'public.user_tenants' as object, t.user_id, t.role::text as role
    from public.user_tenants as t
    where t.status <> 'removed'
    union all
    select 'public.user_roles', r.user_id, r.role
    from public.user_roles as r
) as m
where not exists (select from auth.users as u where u.id = m.user_id)
group by m.object
