-- The two first tenants, an owner for every agent, and the functions that grant roles and memberships.
--
-- Creates: tenants vital-platform and digital-health-startup; functions public.grant_platform_admin, public.assign_user_to_dh_startup
-- Changes: agents without a tenant become the platform's; sharing columns that disagree are narrowed; constraints on agents are validated
-- Locks: share update exclusive on public.agents while constraints are validated, which blocks neither readers nor writers
--
-- Safe to run again, and as an owner who is no superuser.

set local client_min_messages = warning;

insert into public.tenants (id, name, slug, type, activated_at)
values ('00000000-0000-0000-0000-000000000001', 'VITAL Platform', 'vital-platform', 'platform', now())
on conflict (id) do nothing;

insert into public.tenants (name, slug, type, activated_at)
values ('Digital Health Startup', 'digital-health-startup', 'industry', now())
on conflict (slug) do nothing;

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

-- Only a database that was migrated by hand has such rows. On a large one they are filled in batches beforehand.
update public.agents as a
set
    tenant_id = '00000000-0000-0000-0000-000000000001',
    is_shared = true,
    sharing_mode = 'global',
    shared_with = null,
    resource_type = 'platform'
where a.tenant_id is null;

-- Where the sharing columns disagree, the narrower reading wins: nobody gains access by being migrated.
update public.agents as a
set
    is_shared = settled.sharing_mode <> 'private',
    sharing_mode = settled.sharing_mode,
    shared_with = case when settled.sharing_mode = 'selective' then array_remove(a.shared_with, null) end
from (
    select
        b.id,
        case
            when b.is_shared and b.sharing_mode = 'global' then 'global'
            when b.is_shared and b.sharing_mode = 'selective'
                and cardinality(array_remove(b.shared_with, null)) > 0 then 'selective'
            else 'private'
        end as sharing_mode
    from public.agents as b
    where b.is_shared is null
       or b.sharing_mode is null
       or b.is_shared <> (b.sharing_mode <> 'private')
       or (b.sharing_mode = 'selective') <> (coalesce(cardinality(b.shared_with), 0) > 0)
       or array_position(b.shared_with, null) is not null
) as settled
where a.id = settled.id;

alter table public.agents validate constraint agents_tenant_id_fkey;
alter table public.agents validate constraint agents_sharing_mode_check;
alter table public.agents validate constraint agents_resource_type_check;
alter table public.agents validate constraint agents_sharing_check;

-- Granting.

-- Refuses a user that auth.users does not know, where that table exists. A foreign key would tie the schema to it.
create or replace function vital_private.require_user(p_user_id uuid)
returns void
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_known boolean := true;
begin
    if p_user_id is null then
        raise exception 'a user is required' using errcode = 'null_value_not_allowed';
    end if;
    if to_regclass('auth.users') is not null then
        execute 'select exists (select from auth.users as u where u.id = $1)' into v_known using p_user_id;
    end if;
    if not v_known then
        raise exception 'user % does not exist', p_user_id using errcode = 'foreign_key_violation';
    end if;
end
$$;

-- Makes the user an active member with this role, whatever they were in the tenant before, and keeps user_roles in step.
create or replace function vital_private.assign_member(p_user_id uuid, p_tenant_id uuid, p_role varchar)
returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_role constant varchar := case p_role
        when 'owner' then 'tenant_owner'
        when 'admin' then 'tenant_admin'
        else 'user'
    end;
begin
    if p_role is null or p_role not in ('owner', 'admin', 'member', 'guest') then
        raise exception 'role % is none of owner, admin, member, guest', coalesce(p_role, 'null')
            using errcode = 'invalid_parameter_value';
    end if;
    perform vital_private.require_user(p_user_id);

    insert into public.user_tenants as m (user_id, tenant_id, role, created_by)
    values (p_user_id, p_tenant_id, p_role, auth.uid())
    on conflict (user_id, tenant_id) do update
    set
        role = excluded.role,
        status = 'active',
        joined_at = coalesce(m.joined_at, excluded.joined_at)
    where (m.role, m.status) is distinct from (excluded.role, 'active');

    delete from public.user_roles as r
    where r.user_id = p_user_id
      and r.tenant_id = p_tenant_id
      and r.role in ('tenant_owner', 'tenant_admin', 'user')
      and r.role <> v_role;

    insert into public.user_roles (user_id, role, tenant_id, granted_by)
    values (p_user_id, v_role, p_tenant_id, auth.uid())
    on conflict (user_id, role, tenant_id) where tenant_id is not null do nothing;
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
    perform vital_private.require_user(p_user_id);
    insert into public.user_roles (user_id, role, granted_by)
    values (p_user_id, 'platform_admin', auth.uid())
    on conflict (user_id, role) where tenant_id is null do nothing;
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
    from public.tenants as t
    where t.slug = 'digital-health-startup';
    if not found then
        raise exception 'tenant digital-health-startup does not exist' using errcode = 'no_data_found';
    end if;
    perform vital_private.assign_member(p_user_id, v_tenant_id, p_role);
end
$$;

-- For trusted roles only: a user must never reach these.
revoke all on function
    vital_private.require_user(uuid),
    vital_private.assign_member(uuid, uuid, varchar),
    public.grant_platform_admin(uuid),
    public.assign_user_to_dh_startup(uuid, varchar)
from public, anon, authenticated, service_role;

grant execute on function
    public.grant_platform_admin(uuid),
    public.assign_user_to_dh_startup(uuid, varchar)
to service_role;

comment on function public.grant_platform_admin(uuid) is 'Makes the user a platform admin; repeating it changes nothing.';
comment on function public.assign_user_to_dh_startup(uuid, varchar) is
    'Makes the user an active member of Digital Health Startup with this role; repeating it changes nothing.';
