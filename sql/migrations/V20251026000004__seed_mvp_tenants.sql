-- The two first tenants, an owner for every agent, and the functions that grant roles and memberships.
--
-- Creates: tenants vital-platform and digital-health-startup; functions public.grant_platform_admin, public.assign_user_to_dh_startup, and in vital_private those that change memberships
-- Changes: agents without a tenant become the platform's; sharing columns that disagree are narrowed; constraints on agents are validated
-- Locks: share update exclusive on public.agents while constraints are validated, which blocks neither readers nor writers
--
-- Safe to run again, and as an owner who is no superuser.

set local client_min_messages = warning;
set local search_path = pg_catalog, pg_temp;

-- Digital Health Startup has another id in every database, and may be called otherwise by now. One that was deleted since
-- is seeded again.
delete from vital_private.seeded_tenants as s
where not exists (select from public.tenants as t where t.id = s.tenant_id);

-- Here and below, what writes rows that may carry triggers of others runs only where there is something to write, and under
-- the path that these triggers see in any session of this role. It looks pg_catalog up first, and uses no operator but those
-- that pg_catalog has for exactly its types.
do $$
declare
    v_path constant text := 'pg_catalog, ' || (select s.reset_val from pg_settings as s where s.name = 'search_path');
    v_wants_platform constant boolean := not exists (
        select from public.tenants as t where t.id = '00000000-0000-0000-0000-000000000001'
    );
    v_wants_startup constant boolean := not exists (
        select from vital_private.seeded_tenants as s where s.name = 'digital-health-startup'
    )
    and not exists (select from public.tenants as t where t.slug = 'digital-health-startup');
begin
    perform set_config('search_path', v_path, true);
    if v_wants_platform then
        insert into public.tenants (id, name, slug, type, activated_at)
        values ('00000000-0000-0000-0000-000000000001', 'VITAL Platform', 'vital-platform', 'platform', now());
    end if;
    if v_wants_startup then
        insert into public.tenants (name, slug, type, activated_at)
        values ('Digital Health Startup', 'digital-health-startup', 'industry', now());
    end if;
    perform set_config('search_path', 'pg_catalog, pg_temp', true);
end
$$;

insert into vital_private.seeded_tenants (name, tenant_id)
select t.slug, t.id
from public.tenants as t
where t.slug = 'digital-health-startup'
on conflict (name) do nothing;

do $$
begin
    if not exists (
        select
        from public.tenants as t
        where t.id = '00000000-0000-0000-0000-000000000001'
          and t.type = 'platform'
    ) then
        raise exception 'tenant 00000000-0000-0000-0000-000000000001 is not of type platform'
            using
                errcode = 'object_not_in_prerequisite_state',
                hint = 'give the tenant with that id the type platform, and every other tenant another type';
    end if;
end
$$;

-- Agents.

-- Only a database that was migrated by hand has agents without a tenant, or rows that violate a check: where the sharing
-- columns disagree, the narrower reading wins, so nobody gains access by being migrated, and who is named twice is named
-- once. What violates the checks after that stops the migration. One statement validates, so that one scan of the table
-- serves all, and nothing is altered over what is deferred.
do $$
declare
    v_path constant text := 'pg_catalog, ' || (select s.reset_val from pg_settings as s where s.name = 'search_path');
    v_settled jsonb;
    v_agent record;
begin
    -- On a large table these are filled in batches beforehand.
    if exists (select from public.agents as a where a.tenant_id is null) then
        perform set_config('search_path', v_path, true);
        update public.agents as a
        set
            tenant_id = '00000000-0000-0000-0000-000000000001',
            is_shared = true,
            sharing_mode = 'global',
            shared_with = null,
            resource_type = 'platform'
        where a.tenant_id is null;
        set constraints all immediate;
        perform set_config('search_path', 'pg_catalog, pg_temp', true);
    end if;

    loop
        begin
            alter table public.agents
                validate constraint agents_sharing_mode_check,
                validate constraint agents_resource_type_check,
                validate constraint agents_sharing_check,
                validate constraint agents_tenant_id_fkey;
            exit;
        exception when check_violation then
            if v_settled is not null then
                raise;
            end if;
        end;

        -- By what they become, because a trigger fires for each row anyway, but a statement costs more.
        select coalesce(jsonb_agg(to_jsonb(became)), '[]')
        into v_settled
        from (
            select settled.sharing_mode, settled.shared_with, array_agg(settled.id) as ids
            from (
                select
                    b.id,
                    case
                        when b.is_shared and b.sharing_mode = 'global' then 'global'
                        when b.is_shared and b.sharing_mode = 'selective'
                            and cardinality(array_remove(b.shared_with, null)) > 0 then 'selective'
                        else 'private'
                    end as sharing_mode,
                    case
                        when b.is_shared and b.sharing_mode = 'selective' then nullif(
                            array(
                                select recipient.id
                                from unnest(b.shared_with) with ordinality as recipient (id, place)
                                where recipient.id is not null
                                group by recipient.id
                                order by min(recipient.place)
                            ),
                            '{}'
                        )
                    end as shared_with
                from public.agents as b
                where b.is_shared is null
                   or b.sharing_mode is null
                   or b.is_shared <> (b.sharing_mode <> 'private')
                   or (b.sharing_mode = 'selective') <> (coalesce(cardinality(b.shared_with), 0) > 0)
                   or array_position(b.shared_with, null) is not null
                   or length(array_to_tsvector(array_remove(b.shared_with, null)::text[])) <> cardinality(b.shared_with)
            ) as settled
            group by settled.sharing_mode, settled.shared_with
        ) as became;
        for v_agent in
            select s.sharing_mode, s.sharing_mode <> 'private' as is_shared, s.shared_with, s.ids
            from jsonb_to_recordset(v_settled) as s (sharing_mode varchar, shared_with uuid[], ids uuid[])
        loop
            perform set_config('search_path', v_path, true);
            update public.agents as a
            set
                is_shared = v_agent.is_shared,
                sharing_mode = v_agent.sharing_mode,
                shared_with = v_agent.shared_with
            where a.id = any (v_agent.ids);
            perform set_config('search_path', 'pg_catalog, pg_temp', true);
        end loop;
        perform set_config('search_path', v_path, true);
        set constraints all immediate;
        perform set_config('search_path', 'pg_catalog, pg_temp', true);
    end loop;
end
$$;

-- Granting.

-- Rows to lock, where no user of the API can: the row of a tenant is one that its own admins may hold for as long as they
-- like, and nobody could be removed meanwhile.
create table if not exists vital_private.locks (
    name text constraint locks_pkey primary key
);

select vital_private.close(array['table vital_private.locks']);

insert into vital_private.locks (name)
values ('members'), ('platform_admins')
on conflict (name) do nothing;

comment on table vital_private.locks is 'A row for each kind of change that is made by one transaction at a time.';

-- Refuses users that auth.users does not know, where that table can be read. A foreign key would tie the schema to it.
create or replace function vital_private.require_users(p_user_ids uuid[])
returns void
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_users constant regclass := to_regclass('auth.users');
    v_unknown uuid;
begin
    if array_position(p_user_ids, null) is not null then
        raise exception 'a user is required' using errcode = 'null_value_not_allowed';
    end if;
    if v_users is null or row_security_active(v_users) or not has_any_column_privilege(v_users, 'select') then
        return;
    end if;
    select wanted.id
    into v_unknown
    from unnest(p_user_ids) as wanted (id)
    where not exists (select from auth.users as u where u.id = wanted.id)
    limit 1;
    if found then
        raise exception 'user % does not exist', v_unknown using errcode = 'foreign_key_violation';
    end if;
end
$$;

-- Brings memberships to a role and a status, many at once, and keeps user_roles in step: an active member holds the role
-- that goes with the membership, anybody else none. A null role keeps the one that the member has, and leaves alone who
-- is no member. Returns what each was before. Whoever changes memberships waits for another who does.
create or replace function vital_private.change_members(
    p_user_ids uuid[],
    p_tenant_ids uuid[],
    p_roles varchar[],
    p_statuses varchar[]
)
returns table (n bigint, previous_role varchar, previous_status varchar)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform from vital_private.locks as l where l.name = 'members' for update;
    return query
    with wanted as (
        select
            w.n,
            w.user_id,
            w.tenant_id,
            coalesce(w.role, m.role) as role,
            w.status,
            case coalesce(w.role, m.role) when 'owner' then 'tenant_owner' when 'admin' then 'tenant_admin' else 'user' end
                as granted_role,
            m.role as previous_role,
            m.status as previous_status
        from unnest(p_user_ids, p_tenant_ids, p_roles, p_statuses)
            with ordinality as w (user_id, tenant_id, role, status, n)
        left join public.user_tenants as m on m.user_id = w.user_id and m.tenant_id = w.tenant_id
    ),
    changed as (
        insert into public.user_tenants as m (user_id, tenant_id, role, status, invited_at, joined_at, created_by)
        select
            w.user_id,
            w.tenant_id,
            w.role,
            w.status,
            case when w.status = 'invited' then now() end,
            case when w.status = 'active' then now() end,
            vital_private.author_id()
        from wanted as w
        where w.role is not null
          and (w.role, w.status) is distinct from (w.previous_role, w.previous_status)
        on conflict (user_id, tenant_id) do update
        set
            role = excluded.role,
            status = excluded.status,
            invited_at = coalesce(excluded.invited_at, m.invited_at),
            joined_at = coalesce(m.joined_at, excluded.joined_at)
    ),
    revoked as (
        delete from public.user_roles as r
        using wanted as w
        where r.user_id = w.user_id
          and r.tenant_id = w.tenant_id
          and r.role in ('tenant_owner', 'tenant_admin', 'user')
          and (r.role <> w.granted_role or w.status <> 'active')
    ),
    granted as (
        insert into public.user_roles (user_id, role, tenant_id, granted_by)
        select w.user_id, w.granted_role, w.tenant_id, vital_private.author_id()
        from wanted as w
        where w.status = 'active'
          and w.role is not null
        on conflict (user_id, role, tenant_id) where tenant_id is not null do nothing
    )
    select w.n, w.previous_role, w.previous_status
    from wanted as w
    order by w.n;
end
$$;

-- Makes the users platform admins, or no longer. Returns what each was before. Whoever changes the platform admins waits
-- for another who does.
create or replace function vital_private.change_platform_admins(
    p_user_ids uuid[],
    p_is_admin boolean,
    p_granted_by uuid
)
returns table (n bigint, was_admin boolean)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    perform from vital_private.locks as l where l.name = 'platform_admins' for update;
    return query
    with wanted as (
        select
            w.n,
            w.user_id,
            exists (
                select
                from public.user_roles as r
                where r.user_id = w.user_id
                  and r.role = 'platform_admin'
                  and r.tenant_id is null
            ) as was_admin
        from unnest(p_user_ids) with ordinality as w (user_id, n)
    ),
    granted as (
        insert into public.user_roles (user_id, role, granted_by)
        select w.user_id, 'platform_admin', p_granted_by
        from wanted as w
        where p_is_admin
        on conflict (user_id, role) where tenant_id is null do nothing
    ),
    revoked as (
        delete from public.user_roles as r
        using wanted as w
        where r.user_id = w.user_id
          and r.role = 'platform_admin'
          and r.tenant_id is null
          and not p_is_admin
    )
    select w.n, w.was_admin
    from wanted as w
    order by w.n;
end
$$;

-- Makes the user an active member with this role, whatever they were in the tenant before, and keeps user_roles in step.
create or replace function vital_private.assign_member(p_user_id uuid, p_tenant_id uuid, p_role varchar)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if p_role is null or p_role not in ('owner', 'admin', 'member', 'guest') then
        raise exception 'role % is none of owner, admin, member, guest', coalesce(p_role, 'null')
            using errcode = 'invalid_parameter_value';
    end if;
    perform vital_private.require_users(array[p_user_id]);
    perform vital_private.change_members(array[p_user_id], array[p_tenant_id], array[p_role], array['active'::varchar]);
end
$$;

select vital_private.retire_functions(array['grant_platform_admin', 'assign_user_to_dh_startup']::name[]);
select vital_private.drop_retired_functions();

create function public.grant_platform_admin(p_user_id uuid)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform vital_private.require_users(array[p_user_id]);
    perform vital_private.change_platform_admins(array[p_user_id], true, vital_private.author_id());
end
$$;

create function public.assign_user_to_dh_startup(p_user_id uuid, p_role varchar default 'member')
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_tenant_id uuid;
begin
    select t.id
    into v_tenant_id
    from vital_private.seeded_tenants as s
    join public.tenants as t on t.id = s.tenant_id
    where s.name = 'digital-health-startup';
    if not found then
        raise exception 'tenant digital-health-startup does not exist' using errcode = 'no_data_found';
    end if;
    perform vital_private.assign_member(p_user_id, v_tenant_id, p_role);
end
$$;

-- For trusted roles only: a user must never reach these.
select vital_private.close(array[
    'function vital_private.require_users(uuid[])',
    'function vital_private.change_members(uuid[], uuid[], varchar[], varchar[])',
    'function vital_private.change_platform_admins(uuid[], boolean, uuid)',
    'function vital_private.assign_member(uuid, uuid, varchar)',
    'function public.grant_platform_admin(uuid)',
    'function public.assign_user_to_dh_startup(uuid, varchar)'
]);

grant execute on function
    public.grant_platform_admin(uuid),
    public.assign_user_to_dh_startup(uuid, varchar)
to service_role;

comment on function public.grant_platform_admin(uuid) is 'Makes the user a platform admin; repeating it changes nothing.';
comment on function public.assign_user_to_dh_startup(uuid, varchar) is
    'Makes the user an active member of Digital Health Startup with this role; repeating it changes nothing.';
