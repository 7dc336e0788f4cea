-- id: behaviour-forged-context
-- level: error
-- title: A user reaches another tenant by setting variables or headers
-- explanation: A user may set any variable of the session. Neither app.tenant_id, nor a request header, nor user metadata
--   in the token opens a tenant that the user is no active member of.
-- fix: Restore the functions that the check shape-functions shows.
-- causes: public.agents public.agents.* vital_private.* public.get_current_tenant_id* role*
-- actors: member stranger removed inmate

select
    set_config('app.tenant_id', current_setting('vital.tenant_other'), true),
    set_config('app.tenant_user', current_setting('vital.user_' || current_setting('vital.actor')), true),
    set_config('app.current_tenant_id', current_setting('vital.tenant_other'), true),
    set_config('request.headers', json_build_object('x-tenant-id', current_setting('vital.tenant_other'))::text, true),
    set_config(
        'request.jwt.claims',
        (
            current_setting('request.jwt.claims')::jsonb
            || jsonb_build_object('user_metadata', jsonb_build_object('tenant_id', current_setting('vital.tenant_other')))
        )::text,
        true
    );

-- then

select
    'behaviour-forged-context' as check_id,
    'error' as level,
    format('as %s: app.tenant_id, x-tenant-id', current_setting('vital.actor')) as object,
    'the other tenant''s private agent is hidden' as expected,
    'visible' as actual,
    null as explanation,
    null as fix
from public.agents as a
where a.id = current_setting('vital.agent_foreign_private')::uuid
   or (a.id = current_setting('vital.agent_closed_private')::uuid and current_setting('vital.actor') = 'inmate')
