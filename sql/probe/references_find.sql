-- Lists in vital.requests a row of each table in which users refer to agents, and the foreign keys in vital.references.
--
-- Locks: nothing by itself.

do $$
declare
    v_references jsonb;
begin
    select coalesce(jsonb_agg(jsonb_build_object(
        'name', format('child %s', k.oid),
        'table', c.oid::regclass::text,
        'column', a.attname,
        'cascades', k.confdeltype = 'c',
        'tenant', (
            select t.attname
            from pg_constraint as o
            join pg_attribute as t on t.attrelid = o.conrelid and t.attnum = o.conkey[1]
            where o.conrelid = c.oid
              and o.contype = 'f'
              and o.confrelid = 'public.tenants'::regclass
            limit 1
        )
    ) order by c.oid, a.attnum), '[]')
    into v_references
    from pg_constraint as k
    join pg_class as c on c.oid = k.conrelid
    join pg_attribute as a on a.attrelid = c.oid and a.attnum = k.conkey[1]
    where k.contype = 'f'
      and k.confrelid = 'public.agents'::regclass
      and k.conparentid = 0
      and cardinality(k.conkey) = 1
      and c.oid not in ({our_tables})
      and has_schema_privilege('authenticated', c.relnamespace, 'USAGE')
      and has_column_privilege('authenticated', c.oid, a.attnum, 'INSERT');
    perform set_config('vital.references', v_references::text, true);
    perform set_config(
        'vital.requests',
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'name', r.value ->> 'name',
                'table', r.value ->> 'table',
                'fixed', jsonb_build_object(r.value ->> 'column', current_setting('vital.agent_own_private'))
                    || case
                        when r.value ->> 'tenant' is not null
                            then jsonb_build_object(r.value ->> 'tenant', current_setting('vital.tenant_home'))
                        else '{}'
                    end,
                'person', 'user_member',
                'is_optional', true,
                'is_trial', true
            )), '[]')::text
            from jsonb_array_elements(v_references) as r
        ),
        true
    );
end
$$
