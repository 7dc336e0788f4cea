-- Creates the probe: three tenants, ten users and six agents, in a transaction that is always rolled back. Their ids are
-- random, so that two runs never meet, and lie in settings that end with the transaction:
-- vital.tenant_<name>, vital.user_<name>, vital.agent_<name>.
--
-- Locks: row exclusive on the tables of the tenancy, which blocks neither readers nor writers.

do $$
declare
    v_name text;
    v_columns text;
    v_values text;
    v_agent record;
begin
    if row_security_active('public.agents') or row_security_active('public.tenants') then
        raise exception 'role % is bound by row security', current_user using errcode = 'insufficient_privilege';
    end if;

    foreach v_name in array array[
        'tenant_home', 'tenant_other', 'tenant_closed',
        'user_owner', 'user_member', 'user_guest', 'user_neighbour', 'user_stranger', 'user_removed', 'user_suspended',
        'user_invited', 'user_inmate', 'user_admin',
        'agent_own_private', 'agent_own_shared', 'agent_global', 'agent_foreign_private', 'agent_foreign_shared',
        'agent_closed_private'
    ]
    loop
        perform set_config('vital.' || v_name, gen_random_uuid()::text, true);
    end loop;
    -- Whatever the session came with speaks for nobody.
    perform set_config('request.jwt.claims', '', true);
    perform set_config('request.jwt.claim.sub', '', true);
    perform set_config('request.headers', '', true);
    perform set_config('app.tenant_id', '', true);
    perform set_config('app.tenant_user', '', true);

    insert into public.tenants (id, name, slug, type, status)
    select t.id, 'vital verify probe', 'vital-probe-' || t.id, 'client', t.status
    from (
        values
            (current_setting('vital.tenant_home')::uuid, 'active'),
            (current_setting('vital.tenant_other')::uuid, 'active'),
            (current_setting('vital.tenant_closed')::uuid, 'suspended')
    ) as t (id, status);

    insert into vital_private.stand_ins (user_id)
    select current_setting('vital.user_' || p.person)::uuid
    from unnest(array[
        'owner', 'member', 'guest', 'neighbour', 'stranger', 'removed', 'suspended', 'invited', 'inmate', 'admin'
    ]) as p (person);

    insert into public.user_tenants (user_id, tenant_id, role, status)
    select
        current_setting('vital.user_' || m.person)::uuid,
        current_setting('vital.tenant_' || m.tenant)::uuid,
        m.role,
        m.status
    from (
        values
            ('owner', 'home', 'owner', 'active'),
            ('member', 'home', 'member', 'active'),
            ('guest', 'home', 'guest', 'active'),
            ('removed', 'home', 'member', 'removed'),
            ('suspended', 'home', 'member', 'suspended'),
            ('invited', 'home', 'member', 'invited'),
            ('neighbour', 'other', 'owner', 'active'),
            ('inmate', 'closed', 'owner', 'active')
    ) as m (person, tenant, role, status);

    insert into public.user_roles (user_id, role)
    values (current_setting('vital.user_admin')::uuid, 'platform_admin');

    -- Columns of agents that are not the tenancy's and must not be null get a value that fits their type.
    select
        string_agg(', ' || quote_ident(a.attname), '' order by a.attnum),
        string_agg(
            ', '
            || case
                when t.typcategory in ('S', 'U') and t.typname in ('text', 'varchar', 'bpchar', 'citext')
                    then '''probe '' || $1'
                when t.typname = 'uuid' then 'gen_random_uuid()'
                when t.typcategory = 'N' then '0'
                when t.typcategory = 'B' then 'false'
                when t.typcategory = 'D' then 'now()'
                when t.typcategory = 'A' or t.typname in ('json', 'jsonb') then '''{}'''
                when t.typcategory = 'E' then format('enum_first(null::%s)', t.oid::regtype)
                else 'null'
            end,
            ''
            order by a.attnum
        )
    into v_columns, v_values
    from pg_attribute as a
    join pg_type as t on t.oid = a.atttypid
    where a.attrelid = 'public.agents'::regclass
      and a.attnum > 0
      and not a.attisdropped
      and a.attnotnull
      and not a.atthasdef
      and a.attidentity = ''
      and a.attgenerated = ''
      and a.attname not in ('id', 'name', 'tenant_id', 'is_shared', 'sharing_mode', 'shared_with');

    for v_agent in
        select
            current_setting('vital.agent_' || g.name)::uuid as id,
            current_setting('vital.tenant_' || g.tenant)::uuid as tenant_id,
            g.sharing_mode,
            case
                when g.recipient is not null then array[current_setting('vital.tenant_' || g.recipient)::uuid]
            end as shared_with
        from (
            values
                ('own_private', 'home', 'private', null),
                ('own_shared', 'home', 'selective', 'other'),
                ('global', 'other', 'global', null),
                ('foreign_private', 'other', 'private', null),
                ('foreign_shared', 'other', 'selective', 'home'),
                ('closed_private', 'closed', 'private', null)
        ) as g (name, tenant, sharing_mode, recipient)
    loop
        execute format(
            'insert into public.agents (id, name, tenant_id, is_shared, sharing_mode, shared_with%s) '
            'values ($1, ''vital verify probe'', $2, $3 <> ''private'', $3, $4%s)',
            v_columns,
            v_values
        )
        using v_agent.id, v_agent.tenant_id, v_agent.sharing_mode, v_agent.shared_with;
    end loop;
end
$$
