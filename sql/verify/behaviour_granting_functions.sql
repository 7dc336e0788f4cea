-- id: behaviour-granting-functions
-- level: error
-- title: A user may call a function that grants roles
-- explanation: grant_platform_admin trusts whoever may call it.
-- fix: Restore the grants that the check shape-function-grants shows.
-- causes: public.grant_platform_admin* function*grant_platform_admin* vital_private.*
-- actors: member anon
-- expects: refusal

select
    'behaviour-granting-functions' as check_id,
    'error' as level,
    format('as %s: grant_platform_admin(null)', current_setting('vital.actor')) as object,
    'refused' as expected,
    'accepted' as actual,
    null as explanation,
    null as fix
from public.grant_platform_admin(null)
