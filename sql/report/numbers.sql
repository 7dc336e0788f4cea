-- The numbers of the migration's report, as they are now.
-- Returns: tenants bigint, agents bigint, platform_agents bigint, global_agents bigint, tables_with_rls bigint,
--     tenancy_indexes bigint, agents_indexes bigint, tenancy_policies bigint, agents_policies bigint, audit_policies bigint,
--     public_functions bigint

select
    (select count(*) from public.tenants) as tenants,
    a.total as agents,
    a.platform_owned as platform_agents,
    a.globally_shared as global_agents,
    (
        select count(*)
        from pg_class as c
        where c.relrowsecurity
          and c.relnamespace = 'public'::regnamespace
          and (select current_setting('vital.promise')::jsonb) -> 'tables' ? c.oid::regclass::text
    ) as tables_with_rls,
    i.tenancy_indexes,
    i.agents_indexes,
    p.tenancy_policies,
    p.agents_policies,
    p.audit_policies,
    (
        select count(*)
        from jsonb_object_keys((select current_setting('vital.promise')::jsonb) -> 'functions') as f (signature)
        where f.signature like 'public.%'
          and to_regprocedure(f.signature) is not null
    ) as public_functions
from (
    select
        count(*) as total,
        count(*) filter (where t.type = 'platform') as platform_owned,
        count(*) filter (where b.sharing_mode = 'global') as globally_shared
    from public.agents as b
    left join public.tenants as t on t.id = b.tenant_id
) as a
cross join (
    select
        count(*) filter (
            where x.indrelid in (
                'public.tenants'::regclass,
                'public.user_tenants'::regclass,
                'public.user_roles'::regclass
            )
        ) as tenancy_indexes,
        count(*) filter (where x.indrelid = 'public.agents'::regclass) as agents_indexes
    from pg_index as x
    join pg_class as c on c.oid = x.indexrelid
    where c.relname like 'idx\_%'
      and (select current_setting('vital.promise')::jsonb) -> 'indexes' ? x.indexrelid::regclass::text
) as i
cross join (
    select
        count(*) filter (where q.polrelid not in ('public.agents'::regclass, 'public.resource_sharing_audit'::regclass))
            as tenancy_policies,
        count(*) filter (where q.polrelid = 'public.agents'::regclass) as agents_policies,
        count(*) filter (where q.polrelid = 'public.resource_sharing_audit'::regclass) as audit_policies
    from pg_policy as q
    where (select current_setting('vital.promise')::jsonb) -> 'policies' ? format('%s.%I', q.polrelid::regclass, q.polname)
) as p
