-- Lists the rows of the probe: three tenants, eleven users and six agents, for build.sql to make in a transaction that is
-- always rolled back. Their ids are random, so that two runs never meet, and lie in settings that end with the
-- transaction: vital.tenant_<name>, vital.user_<name>, vital.agent_<name>.
--
-- Locks: nothing by itself.

do $$
declare
    v_name text;
    v_requests jsonb;
    v_columns name[];
    v_may_add_users boolean;
    v_people constant text[] := array[
        'user_owner', 'user_member', 'user_guest', 'user_neighbour', 'user_stranger', 'user_removed', 'user_suspended',
        'user_invited', 'user_inmate', 'user_traveller', 'user_admin'
    ];
    v_plain constant jsonb := to_jsonb(array[
        'is_shared', 'sharing_mode', 'shared_with', 'resource_type', 'access_count', 'last_accessed_at',
        'created_by_user_id'
    ]);
begin
    if row_security_active('public.agents') or row_security_active('public.tenants') then
        raise exception 'role % is bound by row security', current_user using errcode = 'insufficient_privilege';
    end if;

    foreach v_name in array v_people || array[
        'tenant_home', 'tenant_other', 'tenant_closed',
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
    perform set_config('request.method', '', true);
    perform set_config('request.path', '', true);
    perform set_config('app.tenant_id', '', true);
    perform set_config('app.tenant_user', '', true);
    -- Triggers of others name their tables and functions as they do in sessions of the API.
    perform set_config(
        'vital.path',
        concat_ws(
            ', ',
            'pg_catalog',
            (select nullif(s.reset_val, '') from pg_settings as s where s.name = 'search_path'),
            'public',
            (select 'extensions' from pg_namespace as n where n.nspname = 'extensions')
        ),
        true
    );
    perform set_config('vital.made', '{}', true);

    -- People first: others' foreign keys and functions may ask for them. Where they cannot be made, that is told only if
    -- somebody does.
    v_may_add_users := to_regclass('auth.users') is not null
        and coalesce(has_table_privilege(to_regclass('auth.users'), 'INSERT'), false);
    if to_regclass('auth.users') is not null
        and not v_may_add_users
        and has_table_privilege(to_regclass('auth.users'), 'SELECT')
    then
        -- Users who belong nowhere lend their ids; nothing of theirs is changed.
        execute
            'select set_config(''vital.'' || p.person, l.id::text, true) '
            'from unnest($1) with ordinality as p (person, number) '
            'join ('
            'select u.id, row_number() over () as number from auth.users as u '
            'where not exists (select from public.user_tenants as m where m.user_id = u.id) '
            'and not exists (select from public.user_roles as r where r.user_id = u.id) '
            'limit 11'
            ') as l on l.number = p.number'
        using v_people;
    end if;
    -- They count as users that exist, whether or not there is a directory of users that takes them.
    insert into vital_private.stand_ins (user_id)
    select current_setting('vital.' || p.person)::uuid
    from unnest(v_people) as p (person);
    select array_agg(a.attname)
    into v_columns
    from pg_attribute as a
    where a.attrelid = to_regclass('auth.users')
      and a.attnum > 0
      and not a.attisdropped
      and a.attgenerated = '';
    select coalesce(jsonb_agg(jsonb_build_object(
        'name', p.person,
        'table', 'auth.users',
        'fixed', jsonb_build_object('id', p.id),
        'hints', (
            select jsonb_object_agg(w.key, w.value)
            from (
                values
                    ('aud', 'authenticated'),
                    ('role', 'authenticated'),
                    ('email', format('vital-probe-%s@probe.invalid', p.id))
            ) as w (key, value)
            where w.key = any (v_columns)
        ),
        'is_optional', true
    )), '[]')
    into v_requests
    from (
        select u.person, current_setting('vital.' || u.person) as id
        from unnest(v_people) as u (person)
    ) as p
    where 'id' = any (v_columns)
      and v_may_add_users;

    -- Tables with one row a person, such as public.profiles.
    v_requests := v_requests || coalesce(
        (
            select jsonb_agg(jsonb_build_object(
                'name', format('%s of %s', t.relation, u.person),
                'table', t.relation,
                'fixed', jsonb_build_object(t.attname, current_setting('vital.' || u.person)),
                'is_optional', true
            ))
            from (
                select c.oid::regclass::text as relation, a.attname
                from pg_class as c
                join pg_index as i on i.indrelid = c.oid and i.indisprimary and i.indnkeyatts = 1
                join pg_attribute as a on a.attrelid = c.oid and a.attnum = i.indkey[0] and a.atttypid = 'uuid'::regtype
                where c.relkind in ('r', 'p')
                  and c.relnamespace not in (
                      select n.oid
                      from pg_namespace as n
                      where n.nspname in ('auth', 'storage', 'vital_private', 'vital_archive')
                  )
                  and (
                      (c.relnamespace = 'public'::regnamespace and c.relname in ('profiles', 'users', 'user_profiles'))
                      or exists (
                          select
                          from pg_constraint as k
                          where k.conrelid = c.oid
                            and k.contype = 'f'
                            and k.conkey = array[a.attnum]
                            and k.confrelid = to_regclass('auth.users')
                      )
                  )
                order by c.relname not in ('profiles', 'users', 'user_profiles'), c.relname
                limit 4
            ) as t
            cross join unnest(v_people) as u (person)
        ),
        '[]'
    );

    v_requests := v_requests || (
        select jsonb_agg(jsonb_build_object(
            'name', 'tenant_' || t.name,
            'table', 'public.tenants',
            'fixed', jsonb_build_object(
                'id', current_setting('vital.tenant_' || t.name),
                'type', 'client',
                'status', t.status
            ),
            'hints', jsonb_build_object(
                'name', 'vital verify probe',
                'slug', 'vital-probe-' || current_setting('vital.tenant_' || t.name)
            )
        ))
        from (values ('home', 'active'), ('other', 'active'), ('closed', 'suspended')) as t (name, status)
    );

    v_requests := v_requests || (
        select jsonb_agg(jsonb_build_object(
            'name', 'membership of ' || m.person,
            'table', 'public.user_tenants',
            'fixed', jsonb_build_object(
                'user_id', current_setting('vital.user_' || m.person),
                'tenant_id', current_setting('vital.tenant_' || m.tenant),
                'role', m.role,
                'status', m.status
            )
        ))
        from (
            values
                ('owner', 'home', 'owner', 'active'),
                ('member', 'home', 'member', 'active'),
                ('guest', 'home', 'guest', 'active'),
                ('removed', 'home', 'member', 'removed'),
                ('suspended', 'home', 'member', 'suspended'),
                ('invited', 'home', 'member', 'invited'),
                ('neighbour', 'other', 'owner', 'active'),
                ('inmate', 'closed', 'owner', 'active'),
                ('traveller', 'home', 'member', 'active'),
                ('traveller', 'other', 'member', 'active')
        ) as m (person, tenant, role, status)
    );

    v_requests := v_requests || jsonb_build_object(
        'name', 'role of admin',
        'table', 'public.user_roles',
        'fixed', jsonb_build_object('user_id', current_setting('vital.user_admin'), 'role', 'platform_admin')
    );

    v_requests := v_requests || (
        select jsonb_agg(jsonb_build_object(
            'name', 'agent_' || g.name,
            'table', 'public.agents',
            'fixed', jsonb_build_object(
                'id', current_setting('vital.agent_' || g.name),
                'tenant_id', current_setting('vital.tenant_' || g.tenant),
                'is_shared', g.sharing_mode <> 'private',
                'sharing_mode', g.sharing_mode,
                'shared_with', case
                    when g.recipient is not null then jsonb_build_array(current_setting('vital.tenant_' || g.recipient))
                end
            ),
            'hints', jsonb_build_object('name', 'vital verify probe ' || g.name),
            'plain', v_plain,
            'person', 'user_' || g.person
        ))
        from (
            values
                ('own_private', 'home', 'owner', 'private', null),
                ('own_shared', 'home', 'owner', 'selective', 'other'),
                ('global', 'other', 'neighbour', 'global', null),
                ('foreign_private', 'other', 'neighbour', 'private', null),
                ('foreign_shared', 'other', 'neighbour', 'selective', 'home'),
                ('closed_private', 'closed', 'inmate', 'private', null)
        ) as g (name, tenant, person, sharing_mode, recipient)
    );

    -- One that is taken back at once: with its values a user can create an agent.
    v_requests := v_requests || jsonb_build_object(
        'name', 'agent_new',
        'table', 'public.agents',
        'fixed', jsonb_build_object('tenant_id', current_setting('vital.tenant_home')),
        'hints', jsonb_build_object('name', 'vital verify probe, own insert'),
        'plain', v_plain,
        'person', 'user_owner',
        'is_trial', true
    );

    perform set_config('vital.requests', v_requests::text, true);
end
$$
