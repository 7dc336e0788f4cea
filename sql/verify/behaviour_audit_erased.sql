-- id: behaviour-audit-erased
-- level: error
-- title: The API's trusted role may erase the audit
-- explanation: The audit is append-only for everybody, service_role included.
-- fix: Restore the grants and the trigger refuse_audit_change on public.resource_sharing_audit.
-- causes: public.resource_sharing_audit public.resource_sharing_audit.* vital_private.*
-- actors: service

with gone as (
    delete from public.resource_sharing_audit
    where owner_tenant_id = current_setting('vital.tenant_home')::uuid
)
select
    'behaviour-audit-erased' as check_id,
    'error' as level,
    'as service: delete from public.resource_sharing_audit' as object,
    'refused' as expected,
    'accepted' as actual,
    null as explanation,
    null as fix
