-- id: behaviour-self-admin
-- level: error
-- title: A user may make themselves a platform admin
-- explanation: Roles are written by functions for trusted roles only.
-- fix: Restore the grants and the policies of public.user_roles.
-- causes: public.user_roles public.user_roles.*
-- actors: member owner

with risen as (
    insert into public.user_roles (user_id, role)
    values (current_setting('vital.user_' || current_setting('vital.actor'))::uuid, 'platform_admin')
)
select
    'behaviour-self-admin' as check_id,
    'error' as level,
    format('as %s: insert into public.user_roles', current_setting('vital.actor')) as object,
    'refused' as expected,
    'accepted' as actual,
    null as explanation,
    null as fix
