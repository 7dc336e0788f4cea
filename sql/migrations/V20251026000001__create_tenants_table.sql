-- Tenants, who belongs to them, and who administers the platform.
--
-- Creates: schema vital_private; tables public.tenants, public.user_tenants, public.user_roles; 12 indexes; 6 public functions; 6 policies; in vital_private tables admin_audit, which records every change of the three, replaced_policies, adopted_objects and seeded_tenants
-- Changes: an earlier form of these tables, functions and policies is brought to this one, keeping every row; where everybody may create objects in schema public, only those who own something there may from now on
-- Locks: access exclusive on the three tables where they exist already; public.agents is not touched
--
-- Safe to run again, and as an owner who is no superuser.

set local client_min_messages = warning;
set local search_path = pg_catalog, pg_temp;

-- What is there already is brought to its new form and keeps its owner, whom no row security binds. Where anybody may create
-- tables in public, as on PostgreSQL 14, somebody else may have been first.
do $$
declare
    v_planted record;
begin
    select object.name, pg_get_userbyid(object.owner) as owner
    into v_planted
    from (
        select c.oid::regclass::text, c.relowner
        from pg_class as c
        where c.oid in (
            to_regclass('public.tenants'),
            to_regclass('public.user_tenants'),
            to_regclass('public.user_roles'),
            to_regclass('public.resource_sharing_audit')
        )
        union all
        select n.nspname, n.nspowner
        from pg_namespace as n
        where n.nspname in ('vital_private', 'vital_retired')
    ) as object (name, owner)
    join pg_roles as r on r.oid = object.owner
    -- Not a cast to regrole, which would read first.last and UPPER as something else.
    where object.owner <> (select me.oid from pg_roles as me where me.rolname = current_user)
      and not r.rolsuper
      and object.owner is distinct from (select c.relowner from pg_class as c where c.oid = to_regclass('public.agents'))
    order by object.name
    limit 1;
    if found then
        raise exception '% belongs to "%", who is neither the owner of public.agents nor who migrates',
            v_planted.name, v_planted.owner
            using
                errcode = 'object_not_in_prerequisite_state',
                hint = 'find out who made it and why; then drop it, or give it to the owner of public.agents';
    end if;
end
$$;

-- Up to PostgreSQL 14 everybody may create objects in public, and so have others run them: an operator or a function of a
-- type that the server's own takes only by a cast is found first. Who owns something there keeps the right to create more.
do $$
declare
    v_public record;
    v_owner regrole;
begin
    select n.oid, pg_has_role(n.nspowner, 'usage') as is_ours
    into v_public
    from pg_namespace as n
    where n.nspname = 'public'
      and exists (
          select
          from aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
          where a.privilege_type = 'CREATE'
            and a.grantee in (0, 'anon'::regrole, 'authenticated'::regrole)
      );
    if not found then
        return;
    end if;
    if not v_public.is_ours then
        raise warning 'users of the API may create objects in schema public, and this role may not take that from them'
            using hint = 'as its owner: revoke create on schema public from public, anon, authenticated';
        return;
    end if;
    for v_owner in
        select c.relowner
        from pg_class as c
        where c.relnamespace = v_public.oid
        union
        select p.proowner
        from pg_proc as p
        where p.pronamespace = v_public.oid
    loop
        if v_owner not in ('anon'::regrole, 'authenticated'::regrole) then
            execute format('grant create on schema public to %s', v_owner);
        end if;
    end loop;
    revoke create on schema public from public, anon, authenticated;
end
$$;

-- What the API must not reach lives in vital_private; what an earlier form left behind and something foreign still
-- uses is parked in vital_retired, where nobody can look it up.
create schema if not exists vital_private;
create schema if not exists vital_retired;

-- Takes every privilege on schemas, tables, their columns, the sequences of their columns, and functions from everybody but
-- the owner, whoever they are: default privileges of any role may have given it, and a list of names would miss some. Each
-- object is written as after "grant ... on", such as "table public.tenants". What is to be open is granted afterwards.
create or replace function vital_private.close(p_objects text[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_grant record;
begin
    for v_grant in
        with named as (
            select split_part(o.object, ' ', 1) as kind, substr(o.object, strpos(o.object, ' ') + 1) as name
            from unnest(p_objects) as o (object)
        ),
        relations as (
            select c.oid, c.relkind, c.relowner, c.relacl
            from named as n
            join pg_class as c on c.oid = case when n.kind = 'table' then n.name::regclass end
        ),
        granted as (
            select 'schema ' || s.oid::regnamespace as object, s.nspowner as owner, a.grantee
            from named as n
            join pg_namespace as s on s.oid = case when n.kind = 'schema' then n.name::regnamespace end
            cross join lateral aclexplode(s.nspacl) as a
            union
            select 'function ' || p.oid::regprocedure, p.proowner, a.grantee
            from named as n
            join pg_proc as p on p.oid = case when n.kind = 'function' then n.name::regprocedure end
            cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as a
            union
            select 'table ' || r.oid::regclass, r.relowner, a.grantee
            from relations as r
            cross join lateral (
                select e.grantee
                from aclexplode(r.relacl) as e
                union
                select e.grantee
                from pg_attribute as t
                cross join lateral aclexplode(t.attacl) as e
                where t.attrelid = r.oid
            ) as a
            union
            select 'sequence ' || c.oid::regclass, c.relowner, a.grantee
            from relations as r
            join pg_depend as d
                on d.classid = 'pg_class'::regclass
                and d.refclassid = 'pg_class'::regclass
                and d.refobjid = r.oid
                and d.deptype in ('a', 'i')
            join pg_class as c on c.oid = d.objid and c.relkind = 'S'
            cross join lateral aclexplode(c.relacl) as a
        )
        select g.object, case when g.grantee = 0 then 'public' else g.grantee::regrole::text end as grantee
        from granted as g
        where g.grantee <> g.owner
    loop
        execute format('revoke all on %s from %s cascade', v_grant.object, v_grant.grantee);
    end loop;
end
$$;

select vital_private.close(array[
    'schema vital_private',
    'schema vital_retired',
    'function vital_private.close(text[])'
]);

-- The history, where a runner keeps one: whoever may write it may lock it, and that is the lock of migrations.
select vital_private.close(array['table vital_private.refinery_schema_history'])
where to_regclass('vital_private.refinery_schema_history') is not null;

grant usage on schema vital_private to authenticated, service_role;

comment on schema vital_private is 'Internals of the tenancy. Not for an exposed API schema.';
comment on schema vital_retired is 'Functions of an earlier form of the tenancy that foreign objects still depend on.';

-- Replacing what was there before.

create table if not exists vital_private.replaced_policies (
    id bigint generated always as identity primary key,
    table_name text not null,
    policy_name name not null,
    definition text not null,
    replaced_at timestamptz not null default now(),
    replaced_by name not null default session_user
);

create table if not exists vital_private.adopted_objects (
    kind text,
    table_name text,
    name text,
    definition text not null,
    constraint adopted_objects_pkey primary key (kind, table_name, name)
);

select vital_private.close(array[
    'table vital_private.replaced_policies',
    'table vital_private.adopted_objects'
]);

comment on table vital_private.replaced_policies is
    'Policies that a migration replaced, each as the statement that restores it.';
comment on table vital_private.adopted_objects is
    'Indexes and constraints that an earlier form had besides: they go with its tables and columns when it is undone.';

-- Drops every permissive policy on the tables, keeping its definition. A policy whose name is not in p_own is foreign:
-- it is dropped only if the setting vital.replace_policies, a json array of {"table", "name", "fingerprint"}, names it
-- exactly as it is; otherwise the migration stops. A restrictive policy cannot widen access and is left alone, but for
-- one that carries a name of ours.
create or replace function vital_private.replace_policies(p_tables regclass[], p_own name[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_consent jsonb := coalesce(nullif(current_setting('vital.replace_policies', true), ''), '[]')::jsonb;
    v_policy record;
begin
    for v_policy in
        select
            c.oid::regclass as relation,
            c.oid::regclass::text as table_name,
            p.polname as policy_name,
            p.polname = any (p_own) as is_own,
            md5(concat_ws('|', p.polcmd, p.polpermissive, p.polroles::text, p.polqual::text, p.polwithcheck::text))
                as fingerprint,
            format(
                'create policy %I on %s as %s for %s to %s%s%s;',
                p.polname,
                c.oid::regclass,
                case when p.polpermissive then 'permissive' else 'restrictive' end,
                case p.polcmd
                    when 'r' then 'select'
                    when 'a' then 'insert'
                    when 'w' then 'update'
                    when 'd' then 'delete'
                    else 'all'
                end,
                (
                    select string_agg(case when r.oid = 0 then 'public' else r.oid::regrole::text end, ', ')
                    from unnest(p.polroles) as r (oid)
                ),
                ' using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
                ' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'
            ) as definition
        from pg_policy as p
        join pg_class as c on c.oid = p.polrelid
        where p.polrelid = any (p_tables)
          and (p.polpermissive or p.polname = any (p_own))
        order by table_name, policy_name
    loop
        if not v_policy.is_own
            and not v_consent @> jsonb_build_array(jsonb_build_object(
                'table', v_policy.table_name,
                'name', v_policy.policy_name,
                'fingerprint', v_policy.fingerprint
            ))
        then
            raise exception 'policy "%" on % widens access and was not approved for replacement',
                v_policy.policy_name, v_policy.table_name
                using
                    errcode = 'object_not_in_prerequisite_state',
                    detail = v_policy.definition,
                    hint = 'review it, then run "vital migrate up --replace-policies"; its definition is kept';
        end if;
        -- A function that was retired meanwhile has a successor of the same name where it was.
        insert into vital_private.replaced_policies (table_name, policy_name, definition)
        values (
            v_policy.table_name,
            v_policy.policy_name,
            replace(v_policy.definition, 'vital_retired.', 'public.')
        );
        execute format('drop policy %I on %s', v_policy.policy_name, v_policy.relation);
    end loop;
end
$$;

-- Moves every public function of these names to vital_retired. Whatever refers to them, such as a policy that a later
-- migration replaces, keeps working.
create or replace function vital_private.retire_functions(p_names name[])
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_function record;
begin
    for v_function in
        select
            p.oid::regprocedure as signature,
            p.proname || '_' || p.oid as other_name,
            exists (
                select
                from pg_proc as q
                where q.pronamespace = 'vital_retired'::regnamespace
                  and q.proname = p.proname
                  and q.proargtypes = p.proargtypes
            ) as is_taken
        from pg_proc as p
        where p.pronamespace = 'public'::regnamespace
          and p.prokind = 'f'
          and p.proname = any (p_names)
    loop
        if v_function.is_taken then
            execute format('alter function %s rename to %I', v_function.signature, v_function.other_name);
        end if;
        execute format('alter function %s set schema vital_retired', v_function.signature);
    end loop;
end
$$;

-- Drops the retired functions. One that a foreign object still uses stays, named in a warning, and asks its successor from
-- then on, with the rights of whoever calls it: what it let through unchecked, it lets through no longer.
create or replace function vital_private.drop_retired_functions()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_function record;
    v_dependents text;
begin
    for v_function in
        select
            p.oid::regprocedure as signature,
            format('%I.%I(%s)', 'vital_retired', p.proname, pg_get_function_arguments(p.oid)) as header,
            pg_get_function_result(p.oid) as result,
            case p.provolatile when 'v' then 'volatile' else 'stable' end as volatility,
            case
                when p.proname like 'get\_user\_tenant\_ids%'
                    then 'select array(select t.tenant_id from public.get_user_tenants($1) as t)'
                when p.proretset or t.typtype = 'c' then format('select s.* from public.%I(%s) as s', successor.name, list.parameters)
                else format('select public.%I(%s)', successor.name, list.parameters)
            end as body
        from pg_proc as p
        join pg_type as t on t.oid = p.prorettype
        -- A second one of its name and arguments has its id behind the name.
        cross join lateral (select regexp_replace(p.proname, '_' || p.oid || '$', '') as name) as successor
        cross join lateral (
            select string_agg('$' || a.n, ', ' order by a.n) as parameters
            from generate_series(1, p.pronargs) as a (n)
        ) as list
        where p.pronamespace = 'vital_retired'::regnamespace
    loop
        begin
            execute format('drop function %s', v_function.signature);
        exception when dependent_objects_still_exist then
            get stacked diagnostics v_dependents = pg_exception_detail;
            execute format(
                'create or replace function %s returns %s language sql %s security invoker '
                'set search_path = pg_catalog, pg_temp as %L',
                v_function.header,
                v_function.result,
                v_function.volatility,
                v_function.body
            );
            raise warning 'a function of the earlier tenancy is still in use and was kept as %, asking its successor',
                v_function.signature
                using detail = v_dependents;
        end;
    end loop;
end
$$;

-- Runs the steps of a migration that the setting vital.adoption, a json array of {"version", "statement"}, names in order:
-- what brings columns of an earlier form to the promised one. Without the setting there is nothing to bring.
create or replace function vital_private.adopt(p_version bigint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_statement text;
begin
    for v_statement in
        select step.value ->> 'statement'
        from jsonb_array_elements(coalesce(nullif(current_setting('vital.adoption', true), ''), '[]')::jsonb)
            with ordinality as step (value, position)
        where (step.value ->> 'version')::bigint = p_version
        order by step.position
    loop
        execute v_statement;
    end loop;
end
$$;

select vital_private.close(array[
    'function vital_private.adopt(bigint)',
    'function vital_private.replace_policies(regclass[], name[])',
    'function vital_private.retire_functions(name[])',
    'function vital_private.drop_retired_functions()'
]);

-- Before the tables are changed, because no type changes under a policy.
select vital_private.replace_policies(
    array[to_regclass('public.tenants'), to_regclass('public.user_tenants'), to_regclass('public.user_roles')],
    array[
        'tenants_select_member',
        'tenants_insert_platform_admin',
        'tenants_update_administrator',
        'tenants_delete_platform_admin',
        'user_tenants_select_own',
        'user_roles_select_own'
    ]::name[]
);

select vital_private.adopt(20251026000001);

-- Tables.

-- Each table is stated in three steps, so that an earlier form of it ends in the same place: columns, then defaults
-- and nullability, then constraints.

create table if not exists public.tenants (
    id uuid constraint tenants_pkey primary key,
    name varchar(255),
    slug varchar(100),
    domain varchar(255),
    type varchar(50),
    parent_tenant_id uuid,
    subscription_tier varchar(50),
    subscription_status varchar(50),
    subscription_starts_at timestamptz,
    subscription_ends_at timestamptz,
    trial_ends_at timestamptz,
    resource_access_config jsonb,
    branding jsonb,
    features jsonb,
    config jsonb,
    hipaa_compliant boolean,
    gdpr_compliant boolean,
    sox_compliant boolean,
    data_residency varchar(50),
    encryption_enabled boolean,
    industry varchar(100),
    company_size varchar(50),
    country_code varchar(2),
    timezone varchar(50),
    primary_contact_name varchar(255),
    primary_contact_email varchar(255),
    primary_contact_phone varchar(50),
    billing_email varchar(255),
    quotas jsonb,
    status varchar(50),
    activated_at timestamptz,
    suspended_at timestamptz,
    archived_at timestamptz,
    created_at timestamptz,
    updated_at timestamptz,
    deleted_at timestamptz,
    created_by uuid,
    updated_by uuid,
    metadata jsonb
);

alter table public.tenants
    alter column id set default gen_random_uuid(),
    alter column name set not null,
    alter column slug set not null,
    alter column type set not null,
    alter column subscription_tier set default 'standard',
    alter column subscription_status set default 'active',
    alter column subscription_starts_at set default now(),
    alter column resource_access_config set default '{}',
    alter column branding set default '{}',
    alter column features set default '{}',
    alter column config set default '{}',
    alter column hipaa_compliant set default false,
    alter column gdpr_compliant set default false,
    alter column sox_compliant set default false,
    alter column encryption_enabled set default true,
    alter column timezone set default 'UTC',
    alter column quotas set default '{}',
    alter column status set default 'active',
    alter column created_at set default now(),
    alter column created_at set not null,
    alter column updated_at set default now(),
    alter column updated_at set not null,
    alter column metadata set default '{}';

create table if not exists public.user_tenants (
    id uuid constraint user_tenants_pkey primary key,
    user_id uuid,
    tenant_id uuid,
    role varchar(50),
    status varchar(50),
    invited_at timestamptz,
    joined_at timestamptz,
    created_at timestamptz,
    updated_at timestamptz,
    created_by uuid
);

alter table public.user_tenants
    alter column id set default gen_random_uuid(),
    alter column user_id set not null,
    alter column tenant_id set not null,
    alter column role set default 'member',
    alter column role set not null,
    alter column status set default 'active',
    alter column status set not null,
    alter column joined_at set default now(),
    alter column created_at set default now(),
    alter column created_at set not null,
    alter column updated_at set default now(),
    alter column updated_at set not null;

create table if not exists public.user_roles (
    id uuid constraint user_roles_pkey primary key,
    user_id uuid,
    role varchar(50),
    tenant_id uuid,
    created_at timestamptz,
    granted_by uuid
);

create table if not exists vital_private.seeded_tenants (
    name text constraint seeded_tenants_pkey primary key,
    tenant_id uuid not null
);

select vital_private.close(array['table vital_private.seeded_tenants']);

comment on table vital_private.seeded_tenants is 'Which tenants those are that the migrations seeded, whatever they are called by now.';

alter table public.user_roles
    alter column id set default gen_random_uuid(),
    alter column user_id set not null,
    alter column role set not null,
    alter column created_at set default now(),
    alter column created_at set not null;

-- Constraints.

-- The foreign keys of the earlier form deleted memberships and roles along with their tenant; these do not.
alter table public.tenants
    drop constraint if exists tenants_slug_key,
    drop constraint if exists tenants_domain_key,
    drop constraint if exists tenants_parent_tenant_id_fkey,
    drop constraint if exists tenants_type_check,
    drop constraint if exists tenants_subscription_tier_check,
    drop constraint if exists tenants_subscription_status_check,
    drop constraint if exists tenants_status_check,
    drop constraint if exists tenants_slug_check,
    drop constraint if exists tenants_subscription_ends_at_check,
    drop constraint if exists tenants_trial_ends_at_check,
    drop constraint if exists tenants_platform_check,
    add constraint tenants_slug_key unique (slug),
    add constraint tenants_domain_key unique (domain),
    add constraint tenants_parent_tenant_id_fkey
        foreign key (parent_tenant_id) references public.tenants (id) on delete set null,
    add constraint tenants_type_check
        check (type in ('client', 'solution', 'industry', 'platform')),
    add constraint tenants_subscription_tier_check
        check (subscription_tier in ('trial', 'standard', 'professional', 'enterprise')),
    add constraint tenants_subscription_status_check
        check (subscription_status in ('active', 'trial', 'suspended', 'cancelled', 'expired')),
    add constraint tenants_status_check
        check (status in ('pending', 'active', 'suspended', 'archived', 'deleted')),
    add constraint tenants_slug_check
        check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    add constraint tenants_subscription_ends_at_check
        check (subscription_ends_at > subscription_starts_at),
    add constraint tenants_trial_ends_at_check
        check (trial_ends_at > created_at),
    add constraint tenants_platform_check
        check (type <> 'platform' or (status is not distinct from 'active' and deleted_at is null));

alter table public.user_tenants
    drop constraint if exists user_tenants_user_id_tenant_id_key,
    drop constraint if exists user_tenants_tenant_id_fkey,
    drop constraint if exists user_tenants_role_check,
    drop constraint if exists user_tenants_status_check,
    add constraint user_tenants_user_id_tenant_id_key unique (user_id, tenant_id),
    add constraint user_tenants_tenant_id_fkey
        foreign key (tenant_id) references public.tenants (id) on delete restrict,
    add constraint user_tenants_role_check
        check (role in ('owner', 'admin', 'member', 'guest')),
    add constraint user_tenants_status_check
        check (status in ('active', 'invited', 'suspended', 'removed'));

-- The earlier unique constraint let the same platform-wide grant in twice, because nulls are distinct: the oldest grant
-- of each kind is kept. A platform_admin bound to a tenant becomes that tenant's admin, never the platform's; who owned or
-- administered no tenant at all is a user.
alter table public.user_roles
    drop constraint if exists user_roles_user_id_role_tenant_id_key;

-- Triggers of others fire under the path that this role has in any session. What fires them looks pg_catalog up first, and
-- uses nothing but operators of it on exactly their types.
select set_config('search_path', 'pg_catalog, ' || s.reset_val, true)
from pg_settings as s
where s.name = 'search_path';

update public.user_roles as r
set role = 'tenant_admin'
where r.role::text = 'platform_admin'
  and r.tenant_id is not null;

update public.user_roles as r
set role = 'user'
where r.role in ('tenant_owner', 'tenant_admin')
  and r.tenant_id is null;

delete from public.user_roles as r
using public.user_roles as kept
where kept.user_id = r.user_id
  and kept.role::text = r.role::text
  and kept.tenant_id is not distinct from r.tenant_id
  and (kept.created_at, kept.id) < (r.created_at, r.id);

-- What is deferred fires now: no table is altered over it.
set constraints all immediate;
set local search_path = pg_catalog, pg_temp;

alter table public.user_roles
    drop constraint if exists user_roles_tenant_id_fkey,
    drop constraint if exists user_roles_role_check,
    drop constraint if exists user_roles_platform_admin_check,
    drop constraint if exists user_roles_tenant_role_check,
    add constraint user_roles_tenant_id_fkey
        foreign key (tenant_id) references public.tenants (id) on delete restrict,
    add constraint user_roles_role_check
        check (role in ('platform_admin', 'platform_support', 'tenant_admin', 'tenant_owner', 'user')),
    add constraint user_roles_platform_admin_check
        check (role <> 'platform_admin' or tenant_id is null),
    add constraint user_roles_tenant_role_check
        check (role not in ('tenant_owner', 'tenant_admin') or tenant_id is not null);

drop index if exists public.tenants_platform_key;
drop index if exists public.user_roles_user_id_role_key;
drop index if exists public.user_roles_user_id_role_tenant_id_key;

create unique index tenants_platform_key on public.tenants (type) where type = 'platform';
create unique index user_roles_user_id_role_key on public.user_roles (user_id, role) where tenant_id is null;
create unique index user_roles_user_id_role_tenant_id_key
    on public.user_roles (user_id, role, tenant_id)
    where tenant_id is not null;

-- Indexes.

drop index if exists
    public.idx_tenants_slug,
    public.idx_tenants_domain,
    public.idx_tenants_type,
    public.idx_tenants_status,
    public.idx_tenants_subscription_status,
    public.idx_tenants_parent_tenant_id,
    public.idx_user_tenants_user_id,
    public.idx_user_tenants_tenant_id,
    public.idx_user_tenants_status,
    public.idx_user_roles_user_id,
    public.idx_user_roles_role,
    public.idx_user_roles_tenant_id;

create index idx_tenants_slug on public.tenants (slug) where deleted_at is null;
create index idx_tenants_domain on public.tenants (domain) where deleted_at is null;
create index idx_tenants_type on public.tenants (type);
create index idx_tenants_status on public.tenants (status);
create index idx_tenants_subscription_status on public.tenants (subscription_status);
create index idx_tenants_parent_tenant_id on public.tenants (parent_tenant_id);
create index idx_user_tenants_user_id on public.user_tenants (user_id);
create index idx_user_tenants_tenant_id on public.user_tenants (tenant_id);
create index idx_user_tenants_status on public.user_tenants (status);
create index idx_user_roles_user_id on public.user_roles (user_id);
create index idx_user_roles_role on public.user_roles (role);
create index idx_user_roles_tenant_id on public.user_roles (tenant_id);

-- Functions that the policies need.

-- They run as their owner because a policy on a table cannot read that table as the caller. They take no user: each
-- answers about the caller alone. plpgsql, because it plans its queries once a session; no exception block, because a
-- parallel-safe function must not have one.

-- Whether a text is json that jsonb takes: strings and other plain values become "" and 0, and what holds nothing else
-- becomes 0, until one value is left. Written without an exception block, which a parallel-safe function must not have.
-- It says no to a little that jsonb takes, such as escaped surrogates, and never yes to what jsonb refuses.
create or replace function vital_private.is_json(p_text text)
returns boolean
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_text text := regexp_replace(
        p_text,
        '"(?:[^"\\[:cntrl:]]|\\["\\/bfnrt]|\\u(?!0000|[dD][89a-fA-F])[0-9a-fA-F]{4})*"',
        '""',
        'g'
    );
begin
    if strpos(replace(v_text, '""', ''), '"') > 0 then
        return false;
    end if;
    v_text := regexp_replace(
        v_text,
        'true|false|null|-?(?:0|[1-9][0-9]{0,200})(?:\.[0-9]{1,200})?(?:[eE][-+]?[0-9]{1,3})?',
        '0',
        'g'
    );
    v_text := translate(v_text, E' \t\n\r', '');
    for v_depth in 1..100 loop
        exit when v_text in ('0', '""');
        v_text := regexp_replace(
            v_text,
            '\[(?:(?:0|"")(?:,(?:0|""))*)?\]|\{(?:"":(?:0|"")(?:,"":(?:0|""))*)?\}',
            '0',
            'g'
        );
    end loop;
    return coalesce(v_text in ('0', '""'), false);
end
$$;

-- auth.uid() names its types without a schema, so a type in pg_temp could make it answer with another user. Policies are
-- evaluated with the caller's search_path and call this instead. And auth.uid() raises where the claims are no json or
-- "sub" is no uuid, as other issuers of tokens write it: that is nobody here, because one malformed setting must break
-- neither a read nor what a trusted role does on the same connection. Claims whose one or two "sub" are uuids as most
-- tokens write them are told by their look, which costs a tenth of parsing them once more.
create or replace function vital_private.caller_id()
returns uuid
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_claims constant text := current_setting('request.jwt.claims', true);
    v_sub text;
begin
    if (
            v_claims like '{%"sub":"________-____-____-____-____________"%}'
            or v_claims like '{%"sub": "________-____-____-____-____________"%}'
        )
        and split_part(split_part(v_claims, '"sub"', 2), '"', 2) !~ '[^0-9a-f-]'
        and v_claims not like '%"sub"%"sub"%'
        and coalesce(current_setting('request.jwt.claim.sub', true), '') = ''
    then
        return auth.uid();
    end if;

    v_sub := nullif(current_setting('request.jwt.claim.sub', true), '');
    if v_sub is null and v_claims <> '' then
        v_sub := split_part(split_part(v_claims, '"sub"', 2), '"', 2);
        if v_claims like '{%}'
            and v_claims not like '%"sub"%"sub"%"sub"%'
            and v_sub ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
            and replace(split_part(v_claims, '"sub"', 2), ' ', '') like ':"' || v_sub || '"%'
            and replace(split_part(v_claims, '"sub"', 3), ' ', '') like ':"' || v_sub || '"%'
        then
            return auth.uid();
        end if;
        if not vital_private.is_json(v_claims) then
            return null;
        end if;
        v_sub := v_claims::jsonb ->> 'sub';
    end if;
    if v_sub !~ '^\{?([0-9a-fA-F]{4}-?){7}[0-9a-fA-F]{4}\}?$' or (v_sub like '{%') <> (v_sub like '%}') then
        return null;
    end if;
    return auth.uid();
end
$$;

create table if not exists vital_private.stand_ins (
    user_id uuid constraint stand_ins_pkey primary key
);

select vital_private.close(array['table vital_private.stand_ins']);

comment on table vital_private.stand_ins is
    'Users as whom a check acts that is always rolled back; they have no account, and no row outlives the check.';

-- Whether the user has an account. Where there is no auth.users, or the owner of this function is not let see its rows,
-- nobody can tell, and everybody has. plpgsql plans a statement when it is reached, so the table need not exist.
create or replace function vital_private.has_account(p_user_id uuid)
returns boolean
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_users constant regclass := to_regclass('auth.users');
begin
    if v_users is null or row_security_active(v_users) or not has_any_column_privilege(v_users, 'select') then
        return true;
    end if;
    return exists (select from auth.users as u where u.id = p_user_id)
        or exists (select from vital_private.stand_ins as s where s.user_id = p_user_id);
end
$$;

-- The same for triggers and for what trusted roles call, none of which runs in parallel: here nothing raises, whatever somebody
-- left in the settings of the connection.
create or replace function vital_private.author_id()
returns uuid
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return vital_private.caller_id();
exception when data_exception then
    return null;
end
$$;

create or replace function vital_private.is_platform_admin()
returns boolean
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user constant uuid := vital_private.caller_id();
begin
    return exists (
        select
        from public.user_roles as r
        where r.user_id = v_user
          and r.role = 'platform_admin'
          and r.tenant_id is null
    )
    and vital_private.has_account(v_user);
end
$$;

create or replace function vital_private.platform_admin_tenants()
returns uuid[]
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if vital_private.is_platform_admin() then
        return array(select t.id from public.tenants as t);
    end if;
    return '{}'::uuid[];
end
$$;

create or replace function vital_private.member_tenants(p_roles varchar[])
returns uuid[]
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user constant uuid := vital_private.caller_id();
begin
    if vital_private.is_platform_admin() then
        return array(select t.id from public.tenants as t);
    end if;
    if not vital_private.has_account(v_user) then
        return '{}'::uuid[];
    end if;
    return array(
        select m.tenant_id
        from public.user_tenants as m
        join public.tenants as t on t.id = m.tenant_id
        where m.user_id = v_user
          and m.status = 'active'
          and m.role = any (p_roles)
          and t.status = 'active'
          and t.deleted_at is null
    );
end
$$;

-- Whether a user has an account, for whoever may know: everybody about themselves, platform admins about all. Nobody else
-- learns anything, because they see no membership and no role of anybody else either.
create or replace function vital_private.is_known_gone(p_user_id uuid)
returns boolean
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return (coalesce(p_user_id = vital_private.caller_id(), false) or vital_private.is_platform_admin())
        and not vital_private.has_account(p_user_id);
end
$$;

-- A revocation holds from its commit, also against a transaction that began before. Below repeatable read every statement
-- sees it; a transaction that reads an older snapshot could go on writing with rights that are gone.
--
-- Contract: a "before ... for each statement" trigger on every table that users of the API write. Where the transaction has
-- one snapshot, it locks whatever row gives the caller rights (their platform grant, their memberships, the tenants of
-- these, their account) and fails with 40001 if one of them has changed since. It never waits: what another transaction
-- has changed and not committed still counts. And it keeps nobody waiting: leaving the block by an exception releases the
-- locks at once. It costs nothing in read committed, tells nothing, and cannot be called but by a trigger.
create or replace function vital_private.assert_current_rights()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user uuid;
begin
    if current_setting('transaction_isolation') not in ('repeatable read', 'serializable') then
        return null;
    end if;
    v_user := vital_private.author_id();
    if v_user is null then
        return null;
    end if;
    begin
        perform
        from public.user_roles as r
        where r.user_id = v_user
          and r.role = 'platform_admin'
        for share skip locked;
        perform
        from public.user_tenants as m
        join public.tenants as t on t.id = m.tenant_id
        where m.user_id = v_user
        for share skip locked;
        if has_any_column_privilege(to_regclass('auth.users'), 'update') then
            perform
            from auth.users as u
            where u.id = v_user
            for share skip locked;
        end if;
        raise exception using errcode = 'VT001';
    exception
        when sqlstate 'VT001' then
            return null;
        when serialization_failure then
            raise exception 'what you may do has changed since this transaction began'
                using errcode = 'serialization_failure', hint = 'begin a new transaction';
    end;
end
$$;

select vital_private.close(array[
    'function vital_private.is_json(text)',
    'function vital_private.caller_id()',
    'function vital_private.author_id()',
    'function vital_private.has_account(uuid)',
    'function vital_private.is_known_gone(uuid)',
    'function vital_private.is_platform_admin()',
    'function vital_private.platform_admin_tenants()',
    'function vital_private.member_tenants(varchar[])',
    'function vital_private.assert_current_rights()'
]);

-- No policy applies to service_role; it needs only what the public functions call.
grant execute on function
    vital_private.is_json(text),
    vital_private.caller_id(),
    vital_private.is_known_gone(uuid),
    vital_private.author_id(),
    vital_private.is_platform_admin(),
    vital_private.platform_admin_tenants(),
    vital_private.member_tenants(varchar[])
to authenticated;
grant execute on function
    vital_private.is_json(text),
    vital_private.caller_id(),
    vital_private.author_id(),
    vital_private.is_platform_admin(),
    vital_private.has_account(uuid)
to service_role;

comment on function vital_private.is_json(text) is 'Whether a text is json that jsonb takes.';
comment on function vital_private.caller_id() is 'The caller''s user id, out of reach of the caller''s search_path.';
comment on function vital_private.has_account(uuid) is
    'Whether auth.users knows the user; true where there is no such table to be read.';
comment on function vital_private.is_known_gone(uuid) is
    'Whether the user is gone from auth.users, as far as the caller may know.';
comment on function vital_private.author_id() is 'The caller''s user id, and nobody where their claims cannot be read.';
comment on function vital_private.is_platform_admin() is 'Whether the caller is a platform admin.';
comment on function vital_private.assert_current_rights() is
    'Fails with 40001 if what gives the caller rights has changed since the snapshot of the transaction.';
comment on function vital_private.platform_admin_tenants() is 'Every tenant for a platform admin, none for anybody else.';
comment on function vital_private.member_tenants(varchar[]) is
    'The active tenants in which the caller is an active member with one of these roles; every tenant for a platform admin.';

-- Public functions.

-- They run as the caller, under the policies below: about somebody else they answer only a platform admin or a role
-- that row security does not bind. Anon may call none.

select vital_private.retire_functions(array[
    'is_platform_admin',
    'has_tenant_access',
    'get_user_tenants',
    'get_user_tenant_ids',
    'get_super_admin_tenant_id',
    'get_tenant_by_slug',
    'get_tenant_by_domain'
]::name[]);

-- Whether the user is gone, asked in the way that the caller may: a role that row security binds only about itself, or as a
-- platform admin.
create or replace function vital_private.is_gone(p_user_id uuid)
returns boolean
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if row_security_active('public.user_tenants') then
        return vital_private.is_known_gone(p_user_id);
    end if;
    return not vital_private.has_account(p_user_id);
end
$$;

create function public.is_platform_admin(p_user_id uuid)
returns boolean
language sql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select
        from public.user_roles as r
        where r.user_id = p_user_id
          and r.role = 'platform_admin'
          and r.tenant_id is null
    )
    and not vital_private.is_gone(p_user_id)
$$;

create function public.has_tenant_access(p_user_id uuid, p_tenant_id uuid)
returns boolean
language sql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select
        exists (
            select
            from public.user_tenants as m
            join public.tenants as t on t.id = m.tenant_id
            where m.user_id = p_user_id
              and m.tenant_id = p_tenant_id
              and m.status = 'active'
              and t.status = 'active'
              and t.deleted_at is null
        )
        and not vital_private.is_gone(p_user_id)
        or (
            public.is_platform_admin(p_user_id)
            and exists (select from public.tenants as t where t.id = p_tenant_id)
        )
$$;

create function public.get_user_tenants(p_user_id uuid)
returns table (
    tenant_id uuid,
    tenant_name varchar,
    tenant_slug varchar,
    tenant_type varchar,
    role varchar,
    joined_at timestamptz
)
language sql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select t.id, t.name, t.slug, t.type, m.role, m.joined_at
    from public.user_tenants as m
    join public.tenants as t on t.id = m.tenant_id
    where m.user_id = p_user_id
      and m.status = 'active'
      and t.status = 'active'
      and t.deleted_at is null
      and not (select vital_private.is_gone(p_user_id))
    order by t.name, t.id
$$;

create function public.get_super_admin_tenant_id()
returns uuid
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select uuid '00000000-0000-0000-0000-000000000001'
$$;

create function public.get_tenant_by_slug(p_slug varchar)
returns setof public.tenants
language sql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select t.*
    from public.tenants as t
    where t.slug = p_slug
      and t.deleted_at is null
$$;

create function public.get_tenant_by_domain(p_domain varchar)
returns setof public.tenants
language sql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select t.*
    from public.tenants as t
    where t.domain = p_domain
      and t.deleted_at is null
$$;

select vital_private.close(array[
    'function vital_private.is_gone(uuid)',
    'function public.is_platform_admin(uuid)',
    'function public.has_tenant_access(uuid, uuid)',
    'function public.get_user_tenants(uuid)',
    'function public.get_super_admin_tenant_id()',
    'function public.get_tenant_by_slug(varchar)',
    'function public.get_tenant_by_domain(varchar)'
]);

grant execute on function
    vital_private.is_gone(uuid),
    public.is_platform_admin(uuid),
    public.has_tenant_access(uuid, uuid),
    public.get_user_tenants(uuid),
    public.get_super_admin_tenant_id(),
    public.get_tenant_by_slug(varchar),
    public.get_tenant_by_domain(varchar)
to authenticated, service_role;

comment on function vital_private.is_gone(uuid) is
    'Whether the user is gone from auth.users; false where the caller may not know.';
comment on function public.is_platform_admin(uuid) is 'Whether the user is a platform admin.';
comment on function public.has_tenant_access(uuid, uuid) is
    'Whether the user is an active member of the active tenant, or a platform admin.';
comment on function public.get_user_tenants(uuid) is 'The active tenants in which the user is an active member.';
comment on function public.get_super_admin_tenant_id() is 'The id of the platform tenant, which is fixed.';
comment on function public.get_tenant_by_slug(varchar) is 'The tenant with this slug, if the caller may see it.';
comment on function public.get_tenant_by_domain(varchar) is 'The tenant with this domain, if the caller may see it.';

-- Triggers.

create or replace function vital_private.touch_updated_at()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    new.updated_at := now();
    return new;
end
$$;

-- Refuses a document that is larger or deeper than a tenant needs, or holds a number that a double cannot. The size of what
-- is stored comes first, because a few bytes can stand for a number of a hundred thousand digits.
create or replace function vital_private.check_document(p_column text, p_document jsonb)
returns void
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_most constant integer := 65536;
    v_problem text;
begin
    if pg_column_size(p_document #> '{}') > v_most then
        v_problem := format('is larger than %s bytes', v_most);
    elsif p_document @? '$.**{33 to last}' then
        v_problem := 'is nested deeper than 32 levels';
    elsif p_document @? '$.** ? (@.type() == "number" && (@ > 1e308 || @ < -1e308 || @ > -1e-300 && @ < 1e-300 && @ != 0))' then
        v_problem := 'holds a number beyond the range of a double';
    elsif octet_length(p_document::text) > v_most then
        v_problem := format('is larger than %s bytes', v_most);
    end if;
    if v_problem is not null then
        raise exception 'the document in column % of a tenant %', p_column, v_problem
            using errcode = 'program_limit_exceeded';
    end if;
end
$$;

-- What a client sends for a moment that it has read: the moment that is there, if no more than its microseconds are lost.
create or replace function vital_private.moment(p_sent timestamptz, p_there timestamptz)
returns timestamptz
language sql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select case
        when p_sent between p_there - interval '1 millisecond' and p_there + interval '1 millisecond' then p_there
        else p_sent
    end
$$;

-- The platform tenant stays what it is, whoever asks. A tenant's owners and admins, whom row security lets update their
-- tenant, may change its contacts and its branding; the rest is the platform admins'. What users of the API write is bounded.
-- Rows are compared as they are stored, because jsonb equality takes 50 and 50.000 for the same. But clients send back
-- every column that they read, moments to the millisecond, and write updated_at, which is the server's to write.
create or replace function vital_private.guard_tenant()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_was public.tenants;
    v_closed record;
    v_longest integer;
begin
    if tg_op = 'DELETE' then
        if old.type = 'platform' then
            raise exception 'the platform tenant cannot be deleted' using errcode = 'restrict_violation';
        end if;
        return old;
    end if;
    if tg_op = 'UPDATE' then
        v_was := old;
        if old.type = 'platform' and (new.type, new.id) is distinct from (old.type, old.id) then
            raise exception 'the platform tenant keeps its type and its id' using errcode = 'restrict_violation';
        end if;
    end if;
    if not row_security_active('public.tenants') then
        return new;
    end if;

    if tg_op = 'UPDATE' then
        new.subscription_starts_at := vital_private.moment(new.subscription_starts_at, old.subscription_starts_at);
        new.subscription_ends_at := vital_private.moment(new.subscription_ends_at, old.subscription_ends_at);
        new.trial_ends_at := vital_private.moment(new.trial_ends_at, old.trial_ends_at);
        new.activated_at := vital_private.moment(new.activated_at, old.activated_at);
        new.suspended_at := vital_private.moment(new.suspended_at, old.suspended_at);
        new.archived_at := vital_private.moment(new.archived_at, old.archived_at);
        new.created_at := vital_private.moment(new.created_at, old.created_at);
        new.deleted_at := vital_private.moment(new.deleted_at, old.deleted_at);
        new.updated_at := old.updated_at;
        if not vital_private.is_platform_admin() then
            v_closed := new;
            v_closed.primary_contact_name := old.primary_contact_name;
            v_closed.primary_contact_email := old.primary_contact_email;
            v_closed.primary_contact_phone := old.primary_contact_phone;
            v_closed.billing_email := old.billing_email;
            v_closed.branding := old.branding;
            if v_closed *<> v_was then
                raise exception 'only a platform admin may change more of a tenant than its contacts and branding'
                    using errcode = 'insufficient_privilege';
            end if;
        end if;
        if new.slug <> old.slug and (old.type = 'platform' or old.slug = 'digital-health-startup') then
            raise exception 'tenant % keeps its slug', old.slug
                using errcode = 'insufficient_privilege', hint = 'functions and tools refer to it';
        end if;
    end if;
    -- A document that is there already, such as one of an earlier form, is nobody's fault now.
    if record_image_ne(row(new.branding), row(v_was.branding)) then
        perform vital_private.check_document('branding', new.branding);
    end if;
    if record_image_ne(row(new.resource_access_config), row(v_was.resource_access_config)) then
        perform vital_private.check_document('resource_access_config', new.resource_access_config);
    end if;
    if record_image_ne(row(new.features), row(v_was.features)) then
        perform vital_private.check_document('features', new.features);
    end if;
    if record_image_ne(row(new.config), row(v_was.config)) then
        perform vital_private.check_document('config', new.config);
    end if;
    if record_image_ne(row(new.quotas), row(v_was.quotas)) then
        perform vital_private.check_document('quotas', new.quotas);
    end if;
    if record_image_ne(row(new.metadata), row(v_was.metadata)) then
        perform vital_private.check_document('metadata', new.metadata);
    end if;
    -- An earlier form of the table has columns without a length.
    v_longest := greatest(
        length(new.name),
        length(new.slug),
        length(new.domain),
        length(new.type),
        length(new.subscription_tier),
        length(new.subscription_status),
        length(new.data_residency),
        length(new.industry),
        length(new.company_size),
        length(new.country_code),
        length(new.timezone),
        length(new.primary_contact_name),
        length(new.primary_contact_email),
        length(new.primary_contact_phone),
        length(new.billing_email),
        length(new.status)
    );
    if v_longest > 255 then
        raise exception 'a text of a tenant has % characters, and 255 is the most', v_longest
            using errcode = 'string_data_right_truncation';
    end if;
    if tg_op = 'UPDATE' then
        new.updated_by := vital_private.caller_id();
    end if;
    return new;
end
$$;

-- A status and its moment change together. A moment that the statement gives itself stands.
create or replace function vital_private.stamp_tenant_status()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_was public.tenants;
begin
    if tg_op = 'UPDATE' then
        v_was := old;
        if new.status is not distinct from old.status then
            return new;
        end if;
    end if;
    if new.activated_at is not distinct from v_was.activated_at and new.status = 'active' then
        new.activated_at := now();
    end if;
    if new.suspended_at is not distinct from v_was.suspended_at then
        new.suspended_at := case when new.status = 'suspended' then now() end;
    end if;
    if new.archived_at is not distinct from v_was.archived_at then
        new.archived_at := case
            when new.status = 'archived' then now()
            when new.status = 'deleted' then v_was.archived_at
        end;
    end if;
    if new.deleted_at is not distinct from v_was.deleted_at then
        new.deleted_at := case when new.status = 'deleted' then now() end;
    end if;
    return new;
end
$$;

select vital_private.close(array[
    'function vital_private.touch_updated_at()',
    'function vital_private.check_document(text, jsonb)',
    'function vital_private.moment(timestamptz, timestamptz)',
    'function vital_private.guard_tenant()',
    'function vital_private.stamp_tenant_status()'
]);

-- The guard runs as the caller.
grant execute on function
    vital_private.check_document(text, jsonb),
    vital_private.moment(timestamptz, timestamptz)
to authenticated;

comment on function vital_private.moment(timestamptz, timestamptz) is
    'What a client sends for a moment: the one that is there, if no more than its microseconds are lost.';
comment on function vital_private.check_document(text, jsonb) is
    'Refuses a document that is larger or deeper than a tenant needs.';

drop trigger if exists assert_current_rights_tenants on public.tenants;
drop trigger if exists guard_tenants on public.tenants;
drop trigger if exists stamp_tenants_status on public.tenants;
drop trigger if exists update_tenants_updated_at on public.tenants;
drop trigger if exists update_user_tenants_updated_at on public.user_tenants;

create trigger assert_current_rights_tenants
    before insert or update or delete on public.tenants
    for each statement execute function vital_private.assert_current_rights();

create trigger guard_tenants
    before insert or update or delete on public.tenants
    for each row execute function vital_private.guard_tenant();

create trigger stamp_tenants_status
    before insert or update on public.tenants
    for each row execute function vital_private.stamp_tenant_status();

create trigger update_tenants_updated_at
    before update on public.tenants
    for each row execute function vital_private.touch_updated_at();

create trigger update_user_tenants_updated_at
    before update on public.user_tenants
    for each row execute function vital_private.touch_updated_at();

-- Who changed what.

-- Every change of tenants, memberships and roles, by any path: a trigger writes it in the transaction of the change.
create table if not exists vital_private.admin_audit (
    id bigint generated always as identity constraint admin_audit_pkey primary key,
    recorded_at timestamptz not null default clock_timestamp(),
    action text not null,
    table_name text not null,
    row_id uuid,
    tenant_id uuid,
    user_id uuid,
    before jsonb,
    after jsonb,
    database_role text not null,
    api_user_id uuid,
    os_user text,
    host text,
    command text,
    application_name text,
    client_address inet
);

create index if not exists idx_admin_audit_tenant_id on vital_private.admin_audit (tenant_id, id desc);
create index if not exists idx_admin_audit_user_id on vital_private.admin_audit (user_id, id desc);

create or replace function vital_private.refuse_admin_audit_change()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'the admin audit is append-only' using errcode = 'insufficient_privilege';
end
$$;

-- A value as the audit keeps it: as it is if it is short, else its size and a hash. What nobody can read on a screen must not
-- make the audit unreadable, nor the change wait; numbers that a double cannot hold and deep nesting count as long.
create or replace function vital_private.brief(p_value jsonb)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    if pg_column_size(p_value #> '{}') <= 4096
        and not p_value @? '$.**{33 to last}'
        and not p_value @? '$.** ? (@.type() == "number" && (@ > 1e308 || @ < -1e308 || @ > -1e-300 && @ < 1e-300 && @ != 0))'
    then
        return p_value;
    end if;
    return jsonb_build_object(
        'size', pg_column_size(p_value #> '{}'),
        'hash', to_hex(jsonb_hash_extended(p_value, 0))
    );
end
$$;

-- A tenant as one document, in which its own documents are brief, and null if they are the same in the other row, so that
-- a change of status costs nothing for what a tenant's people may have put there.
create or replace function vital_private.audited_tenant(p_tenant public.tenants, p_other public.tenants)
returns jsonb
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    p_tenant.resource_access_config := case
        when record_image_ne(row(p_tenant.resource_access_config), row(p_other.resource_access_config))
            then vital_private.brief(p_tenant.resource_access_config)
    end;
    p_tenant.branding := case
        when record_image_ne(row(p_tenant.branding), row(p_other.branding)) then vital_private.brief(p_tenant.branding)
    end;
    p_tenant.features := case
        when record_image_ne(row(p_tenant.features), row(p_other.features)) then vital_private.brief(p_tenant.features)
    end;
    p_tenant.config := case
        when record_image_ne(row(p_tenant.config), row(p_other.config)) then vital_private.brief(p_tenant.config)
    end;
    p_tenant.quotas := case
        when record_image_ne(row(p_tenant.quotas), row(p_other.quotas)) then vital_private.brief(p_tenant.quotas)
    end;
    p_tenant.metadata := case
        when record_image_ne(row(p_tenant.metadata), row(p_other.metadata)) then vital_private.brief(p_tenant.metadata)
    end;
    return to_jsonb(p_tenant);
end
$$;

-- Runs as its owner, because nobody else may write the audit. The setting vital.operator, a json object with os_user,
-- host and command, is what a tool says about itself; through the API it is not believed.
create or replace function vital_private.audit_admin()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user constant uuid := vital_private.author_id();
    v_old jsonb;
    v_new jsonb;
    v_row jsonb;
    v_before jsonb;
    v_after jsonb;
    v_action text;
    v_operator jsonb;
    v_setting constant text := nullif(current_setting('vital.operator', true), '');
begin
    if tg_op = 'TRUNCATE' then
        v_action := tg_table_name || '_truncated';
    elsif tg_table_name = 'tenants' then
        v_old := case when tg_op <> 'INSERT' then vital_private.audited_tenant(old, new) end;
        v_new := case when tg_op <> 'DELETE' then vital_private.audited_tenant(new, old) end;
    else
        v_old := case when tg_op <> 'INSERT' then to_jsonb(old) end;
        v_new := case when tg_op <> 'DELETE' then to_jsonb(new) end;
    end if;
    v_row := coalesce(v_new, v_old, '{}');
    -- Texts, because jsonb equality takes 50 and 50.000 for the same.
    select
        jsonb_object_agg(e.key, vital_private.brief(v_old -> e.key)) filter (where v_old is not null),
        jsonb_object_agg(e.key, vital_private.brief(v_new -> e.key)) filter (where v_new is not null)
    into v_before, v_after
    from jsonb_object_keys(v_row) as e (key)
    where tg_op <> 'UPDATE'
       or (e.key <> 'updated_at' and (v_old -> e.key)::text <> (v_new -> e.key)::text);
    if tg_op = 'UPDATE' and v_before is null then
        return null;
    end if;
    v_action := coalesce(v_action, case
        when tg_table_name = 'user_roles' then
            case tg_op when 'INSERT' then 'role_granted' when 'DELETE' then 'role_revoked' else 'role_changed' end
        else
            case tg_table_name when 'tenants' then 'tenant_' else 'member_' end
            || case
                when tg_op = 'DELETE' then 'deleted'
                when v_after ->> 'status' in ('invited', 'suspended', 'archived', 'removed') then v_after ->> 'status'
                when tg_op = 'INSERT' and tg_table_name = 'tenants' then 'created'
                when tg_op = 'INSERT' then 'added'
                when v_after ->> 'status' = 'active' then 'activated'
                when v_after ->> 'status' = 'deleted' then 'marked_deleted'
                else 'changed'
            end
    end);
    if v_user is null and nullif(current_setting('request.jwt.claims', true), '') is null then
        v_operator := v_setting::jsonb;
    end if;
    insert into vital_private.admin_audit (
        action,
        table_name,
        row_id,
        tenant_id,
        user_id,
        before,
        after,
        database_role,
        api_user_id,
        os_user,
        host,
        command,
        application_name,
        client_address
    )
    values (
        v_action,
        tg_table_name,
        (v_row ->> 'id')::uuid,
        (case when tg_table_name = 'tenants' then v_row ->> 'id' else v_row ->> 'tenant_id' end)::uuid,
        (v_row ->> 'user_id')::uuid,
        v_before,
        v_after,
        session_user,
        v_user,
        left(v_operator ->> 'os_user', 200),
        left(v_operator ->> 'host', 200),
        left(v_operator ->> 'command', 1000),
        nullif(current_setting('application_name', true), ''),
        inet_client_addr()
    );
    return null;
end
$$;

select vital_private.close(array[
    'table vital_private.admin_audit'
]);

select vital_private.close(array[
    'function vital_private.refuse_admin_audit_change()',
    'function vital_private.brief(jsonb)',
    'function vital_private.audited_tenant(public.tenants, public.tenants)',
    'function vital_private.audit_admin()'
]);

drop trigger if exists refuse_admin_audit_change on vital_private.admin_audit;
drop trigger if exists audit_tenants on public.tenants;
drop trigger if exists audit_tenants_truncate on public.tenants;
drop trigger if exists audit_user_tenants on public.user_tenants;
drop trigger if exists audit_user_tenants_truncate on public.user_tenants;
drop trigger if exists audit_user_roles on public.user_roles;
drop trigger if exists audit_user_roles_truncate on public.user_roles;

create trigger refuse_admin_audit_change
    before update or delete or truncate on vital_private.admin_audit
    for each statement execute function vital_private.refuse_admin_audit_change();

create trigger audit_tenants
    after insert or update or delete on public.tenants
    for each row execute function vital_private.audit_admin();

create trigger audit_tenants_truncate
    before truncate on public.tenants
    for each statement execute function vital_private.audit_admin();

create trigger audit_user_tenants
    after insert or update or delete on public.user_tenants
    for each row execute function vital_private.audit_admin();

create trigger audit_user_tenants_truncate
    before truncate on public.user_tenants
    for each statement execute function vital_private.audit_admin();

create trigger audit_user_roles
    after insert or update or delete on public.user_roles
    for each row execute function vital_private.audit_admin();

create trigger audit_user_roles_truncate
    before truncate on public.user_roles
    for each statement execute function vital_private.audit_admin();

comment on table vital_private.admin_audit is
    'Every change of tenants, memberships and roles: who, when, before and after; append-only.';

-- Row security and privileges.

alter table public.tenants enable row level security, no force row level security;
alter table public.user_tenants enable row level security, no force row level security;
alter table public.user_roles enable row level security, no force row level security;

-- Each (select ...) is evaluated once per statement; a bare call would run once per row. Folding the platform admin into
-- an array of tenants leaves every condition to an index. Tenants are few, and one that a platform admin inserts is not
-- in the array of the statement that inserts and returns it.

create policy tenants_select_member
    on public.tenants
    for select
    to authenticated
    using (
        id = any ((select vital_private.member_tenants('{owner,admin,member,guest}'))::uuid[])
        or (select vital_private.is_platform_admin())
    );

create policy tenants_insert_platform_admin
    on public.tenants
    for insert
    to authenticated
    with check ((select vital_private.is_platform_admin()));

create policy tenants_update_administrator
    on public.tenants
    for update
    to authenticated
    using (id = any ((select vital_private.member_tenants('{owner,admin}'))::uuid[]))
    with check (id = any ((select vital_private.member_tenants('{owner,admin}'))::uuid[]));

create policy tenants_delete_platform_admin
    on public.tenants
    for delete
    to authenticated
    using ((select vital_private.is_platform_admin()));

create policy user_tenants_select_own
    on public.user_tenants
    for select
    to authenticated
    using (
        user_id = (select vital_private.caller_id())
        or tenant_id = any ((select vital_private.platform_admin_tenants())::uuid[])
    );

create policy user_roles_select_own
    on public.user_roles
    for select
    to authenticated
    using (
        user_id = (select vital_private.caller_id())
        or tenant_id = any ((select vital_private.platform_admin_tenants())::uuid[])
        or (tenant_id is null and (select vital_private.is_platform_admin()))
    );

-- Nothing relies on default privileges, in either direction. Memberships and roles are written by functions only.
select vital_private.close(array[
    'table public.tenants',
    'table public.user_tenants',
    'table public.user_roles'
]);
grant select, insert, update, delete on public.tenants to authenticated, service_role;
grant select on public.user_tenants, public.user_roles to authenticated, service_role;

comment on table public.tenants is 'Organisations whose resources are isolated from each other.';
comment on table public.user_tenants is 'Who belongs to which tenant, in which role and state.';
comment on table public.user_roles is 'Roles granted to users: platform-wide without a tenant, or within one.';
