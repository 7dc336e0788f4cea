-- id: behaviour-leftover-context
-- level: error
-- title: A request acts for the tenant that an earlier one on the same connection chose
-- explanation: A pool hands connections on with their settings. Inside a request of the API only its own header, its own call
--   of set_tenant_context and its token count; what was left behind would send rows to another tenant of the user's.
-- fix: Restore the functions that the check shape-functions shows.
-- actors: traveller

select
    set_config('app.tenant_id', current_setting('vital.tenant_other'), true),
    set_config('app.tenant_user', current_setting('vital.user_traveller'), true),
    set_config('request.method', 'GET', true),
    set_config('request.headers', json_build_object('x-tenant-id', current_setting('vital.tenant_home'))::text, true);

-- then

select
    'behaviour-leftover-context' as check_id,
    'error' as level,
    'as member of two tenants: x-tenant-id' as object,
    'the tenant of the header' as expected,
    coalesce('tenant ' || public.get_current_tenant_id(), 'no tenant') as actual,
    null as explanation,
    null as fix
where public.get_current_tenant_id() is distinct from current_setting('vital.tenant_home')::uuid
