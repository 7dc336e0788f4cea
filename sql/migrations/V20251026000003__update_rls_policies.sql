-- Row-level security on public.agents, the tenant context that it reads, and the audit of every change of sharing.
--
-- Creates: tables public.resource_sharing_audit and vital_private.sharing_sources; 3 public functions; 4 policies on agents, 1 on the audit; triggers on both and on tenants
-- Changes: every other permissive policy on the two tables is replaced, its definition kept in vital_private.replaced_policies
-- Locks: access exclusive on public.agents for milliseconds; nothing is scanned or rewritten
--
-- Safe to run again, and as an owner who is no superuser.

set local client_min_messages = warning;
set local search_path = pg_catalog, pg_temp;

-- The tenant that a session acts for.

-- What the session asks for, the first that is present. Inside a request of the API, which is known by the settings that
-- PostgREST makes for each: the header x-tenant-id; what set_tenant_context set in this very transaction, whatever an
-- earlier request left on the connection; app_metadata.tenant_id of the token. In a session of one's own: the setting of
-- set_tenant_context, if p_user was who set it; the token. A request is no right: the callers check it against the
-- memberships. An empty text is no request, a malformed one matches nothing. The header is matched in the text because
-- malformed json must not raise in a policy, and a quoted x-tenant-id inside another header's value has its quotes escaped,
-- so it cannot match. now() tells transactions of a connection apart, in parallel workers, too.
create or replace function vital_private.requested_tenant(p_user text)
returns text
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_headers constant text := nullif(current_setting('request.headers', true), '');
    v_set_by constant text := current_setting('app.tenant_user', true);
    v_claims text;
    v_requested text;
begin
    if v_headers is not null
        or current_setting('request.method', true) <> ''
        or current_setting('request.path', true) <> ''
    then
        v_requested := nullif(
            btrim(substring(v_headers from '(?i)"x-tenant-id"\s*:\s*(?!null\M)("[^"]*"|[^",}\s]+)'), '"'),
            ''
        );
        if v_requested is null and v_set_by = p_user || ' ' || extract(epoch from now()) then
            v_requested := nullif(current_setting('app.tenant_id', true), '');
        end if;
    elsif starts_with(v_set_by, p_user) then
        v_requested := nullif(current_setting('app.tenant_id', true), '');
    end if;
    if v_requested is null then
        v_claims := current_setting('request.jwt.claims', true);
        if (strpos(v_claims, 'tenant_id') > 0 or strpos(v_claims, '\') > 0) and vital_private.is_json(v_claims) then
            v_requested := nullif(v_claims::jsonb #>> '{app_metadata,tenant_id}', '');
        end if;
    end if;
    return v_requested;
end
$$;

-- The tenants whose agents the caller reads as their owner: the one they act for, or every one for a platform admin. That
-- is the requested tenant if they are an active member of it and it is active, else, if nothing was requested, the only
-- such tenant. Malformed requests match nothing. Written as one piece because every read pays for it once.
create or replace function vital_private.readable_tenants()
returns uuid[]
language plpgsql
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user constant uuid := vital_private.caller_id();
    v_requested text;
    v_is_admin boolean;
    v_tenants uuid[];
begin
    -- Most requests name no tenant, and this tells so for less than a call.
    if current_setting('app.tenant_user', true) <> ''
        or current_setting('request.headers', true) ilike '%x-tenant-id%'
        or strpos(current_setting('request.headers', true), '\') > 0
        or current_setting('request.jwt.claims', true) like '%tenant_id%'
        or strpos(current_setting('request.jwt.claims', true), '\') > 0
    then
        v_requested := lower(vital_private.requested_tenant(v_user::text));
    end if;
    select
        exists (
            select
            from public.user_roles as r
            where r.user_id = v_user
              and r.role = 'platform_admin'
              and r.tenant_id is null
        ),
        array(
            select m.tenant_id
            from public.user_tenants as m
            join public.tenants as t on t.id = m.tenant_id
            where m.user_id = v_user
              and m.status = 'active'
              and t.status = 'active'
              and t.deleted_at is null
              and (v_requested is null or m.tenant_id::text = v_requested)
        )
    into v_is_admin, v_tenants;
    if v_is_admin then
        v_tenants := array(select t.id from public.tenants as t);
    elsif cardinality(v_tenants) <> 1 then
        return '{}'::uuid[];
    end if;
    -- Whoever is gone has a token until it ends, and no access any more.
    if not vital_private.has_account(v_user) then
        return '{}'::uuid[];
    end if;
    return v_tenants;
end
$$;

-- Of these, the ones whose agents the caller may write. A guest reads only.
create or replace function vital_private.writable_tenants()
returns uuid[]
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return array(
        select unnest(vital_private.readable_tenants())
        intersect
        select unnest(vital_private.member_tenants('{owner,admin,member}'))
    );
end
$$;

-- Of these, the ones whose shared agents the caller may change: what others read is changed by authority only.
create or replace function vital_private.administered_tenants()
returns uuid[]
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return array(
        select unnest(vital_private.readable_tenants())
        intersect
        select unnest(vital_private.member_tenants('{owner,admin}'))
    );
end
$$;

select vital_private.close(array[
    'function vital_private.requested_tenant(text)',
    'function vital_private.readable_tenants()',
    'function vital_private.writable_tenants()',
    'function vital_private.administered_tenants()'
]);

grant execute on function
    vital_private.requested_tenant(text),
    vital_private.readable_tenants(),
    vital_private.writable_tenants(),
    vital_private.administered_tenants()
to authenticated;
grant execute on function vital_private.requested_tenant(text) to service_role;

comment on function vital_private.requested_tenant(text) is 'The tenant that the session asks to act for, unchecked.';
comment on function vital_private.readable_tenants() is
    'The tenants whose agents the caller reads as their owner: the acting one; every one for a platform admin.';
comment on function vital_private.writable_tenants() is
    'The tenants whose private agents the caller may write: the readable ones in which they are more than a guest.';
comment on function vital_private.administered_tenants() is
    'The tenants whose shared agents the caller may write: the readable ones in which they are owner or admin.';

-- Public functions.

select vital_private.retire_functions(array[
    'set_tenant_context',
    'get_current_tenant_id',
    'can_access_resource'
]::name[]);

-- The setting is bound to the user: a pooled connection that is handed to somebody else ignores it. It outlives the
-- transaction in a session of one's own, and ends with it inside a request of the API; the moment when the transaction began
-- tells which one it was. A user who is no active member is refused in the same words whether the tenant exists or not.
create function public.set_tenant_context(p_tenant_id uuid)
returns void
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    v_is_request constant boolean := concat(
        current_setting('request.headers', true),
        current_setting('request.method', true),
        current_setting('request.path', true)
    ) <> '';
    v_user constant text := coalesce(vital_private.caller_id()::text, 'none');
begin
    if row_security_active('public.tenants') then
        if not p_tenant_id = any (vital_private.member_tenants('{owner,admin,member,guest}')) then
            raise exception 'no active membership in tenant %', p_tenant_id using errcode = 'insufficient_privilege';
        end if;
    elsif p_tenant_id is not null and not exists (select from public.tenants as t where t.id = p_tenant_id) then
        raise exception 'tenant % does not exist', p_tenant_id using errcode = 'foreign_key_violation';
    end if;
    perform set_config('app.tenant_id', coalesce(p_tenant_id::text, ''), v_is_request);
    perform set_config('app.tenant_user', v_user || ' ' || extract(epoch from now()), v_is_request);
end
$$;

-- For a user, the tenant that the policies let them act for. Platform admins, and roles that row security does not bind,
-- get the tenant they asked for if it exists; an admin who asked for none, the only one they belong to.
create function public.get_current_tenant_id()
returns uuid
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user constant uuid := vital_private.caller_id();
    v_requested text;
begin
    if row_security_active('public.tenants') and not vital_private.is_platform_admin() then
        return (vital_private.readable_tenants())[1];
    end if;
    v_requested := lower(vital_private.requested_tenant(coalesce(v_user::text, 'none')));
    if v_requested is not null then
        return (select t.id from public.tenants as t where t.id::text = v_requested);
    end if;
    return (
        select (array_agg(m.tenant_id))[1]
        from public.user_tenants as m
        where m.user_id = v_user
          and m.status = 'active'
        having count(*) = 1
    );
end
$$;

-- The rule of the read policy as a pure function. A null grants nothing: no owner, no mode and no requester match it.
create function public.can_access_resource(
    p_resource_tenant_id uuid,
    p_is_shared boolean,
    p_sharing_mode varchar,
    p_shared_with uuid[],
    p_requesting_tenant_id uuid
)
returns boolean
language sql
immutable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
    select
        coalesce(p_resource_tenant_id = p_requesting_tenant_id, false)
        or coalesce(p_is_shared and p_sharing_mode = 'global', false)
        or coalesce(p_is_shared and p_sharing_mode = 'selective' and p_requesting_tenant_id = any (p_shared_with), false)
$$;

select vital_private.close(array[
    'function public.set_tenant_context(uuid)',
    'function public.get_current_tenant_id()',
    'function public.can_access_resource(uuid, boolean, varchar, uuid[], uuid)'
]);

grant execute on function
    public.set_tenant_context(uuid),
    public.get_current_tenant_id(),
    public.can_access_resource(uuid, boolean, varchar, uuid[], uuid)
to authenticated, service_role;

comment on function public.set_tenant_context(uuid) is
    'Makes the session act for one of the caller''s tenants, inside a request of the API until it ends; null takes the choice back.';
comment on function public.get_current_tenant_id() is 'The tenant that the session acts for, null for none.';
comment on function public.can_access_resource(uuid, boolean, varchar, uuid[], uuid) is
    'Whether a tenant may read a resource with this owner and sharing.';

-- The audit.

select vital_private.adopt(20251026000003);

create table if not exists public.resource_sharing_audit (
    id uuid constraint resource_sharing_audit_pkey primary key,
    resource_type varchar(50),
    resource_id uuid,
    resource_name varchar(255),
    action varchar(50),
    previous_sharing_mode varchar(50),
    new_sharing_mode varchar(50),
    previous_shared_with uuid[],
    new_shared_with uuid[],
    owner_tenant_id uuid,
    performed_by_user_id uuid,
    affected_tenant_id uuid,
    ip_address inet,
    user_agent text,
    created_at timestamptz
);

alter table public.resource_sharing_audit
    alter column id set default gen_random_uuid(),
    alter column resource_type set not null,
    alter column resource_id set not null,
    alter column action set not null,
    alter column owner_tenant_id set not null,
    alter column created_at set default now(),
    alter column created_at set not null,
    drop constraint if exists resource_sharing_audit_action_check,
    drop constraint if exists resource_sharing_audit_owner_tenant_id_fkey,
    drop constraint if exists resource_sharing_audit_affected_tenant_id_fkey,
    add constraint resource_sharing_audit_action_check
        check (action in ('shared', 'unshared', 'modified', 'access_granted', 'access_revoked'));

drop index if exists
    public.idx_resource_sharing_audit_owner_tenant_id,
    public.idx_resource_sharing_audit_affected_tenant_id,
    public.idx_resource_sharing_audit_resource_id;

create index idx_resource_sharing_audit_owner_tenant_id
    on public.resource_sharing_audit (owner_tenant_id, created_at desc);
create index idx_resource_sharing_audit_affected_tenant_id
    on public.resource_sharing_audit (affected_tenant_id, created_at desc);
create index idx_resource_sharing_audit_resource_id
    on public.resource_sharing_audit (resource_id, created_at desc);

-- Where the changes of platform staff came from; the tenants' admins, who read the audit, do not read this.
create table if not exists vital_private.sharing_sources (
    audit_id uuid constraint sharing_sources_pkey primary key,
    ip_address inet,
    user_agent text
);

select vital_private.close(array['table vital_private.sharing_sources']);

create or replace function vital_private.refuse_audit_change()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'the sharing audit is append-only' using errcode = 'insufficient_privilege';
end
$$;

-- A tenant that the audit names stays. No foreign key does this, because its check locks the tenant's row: whoever holds
-- that row, such as an admin of a tenant that an agent is shared with, would keep the owner from taking the share back.
create or replace function vital_private.keep_audited_tenant()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'TRUNCATE' then
        if exists (select from public.resource_sharing_audit) then
            raise exception 'the sharing audit is append-only' using errcode = 'insufficient_privilege';
        end if;
        return null;
    end if;
    if exists (select from public.resource_sharing_audit as e where e.owner_tenant_id = old.id) then
        raise exception 'tenant % is named in the sharing audit', old.id
            using errcode = 'foreign_key_violation', constraint = 'resource_sharing_audit_owner_tenant_id_fkey';
    end if;
    if exists (select from public.resource_sharing_audit as e where e.affected_tenant_id = old.id) then
        raise exception 'tenant % is named in the sharing audit', old.id
            using errcode = 'foreign_key_violation', constraint = 'resource_sharing_audit_affected_tenant_id_fkey';
    end if;
    return null;
end
$$;

-- Writes one row for a change of sharing, and one for each tenant that gains or loses by it. A tenant's own row names no
-- other recipient and neither user, address nor program of another tenant, and who loses an agent reads its former name.
-- The address is the connection's: what a request says of its origin is the client's own word, and stands with its program.
-- Where a change of platform staff came from is kept apart.
create or replace function vital_private.audit_sharing(
    p_agent_id uuid,
    p_previous_name text,
    p_name text,
    p_previous_owner uuid,
    p_owner uuid,
    p_previous_mode varchar,
    p_mode varchar,
    p_previous_recipients uuid[],
    p_recipients uuid[]
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_user constant uuid := vital_private.author_id();
    v_is_staff constant boolean := v_user is null or vital_private.is_platform_admin();
    v_headers constant text := current_setting('request.headers', true);
    v_agent constant text := left(
        concat(
            coalesce(
                substring(v_headers from '"user-agent"\s*:\s*"([^"]*)"'),
                format('%s as %s', coalesce(nullif(current_setting('application_name', true), ''), 'sql'), session_user)
            ),
            ' (says x-forwarded-for ' || substring(v_headers from '"x-forwarded-for"\s*:\s*"([^"]{1,200})') || ')'
        ),
        500
    );
    v_change uuid := gen_random_uuid();
begin
    insert into public.resource_sharing_audit (
        id,
        resource_type,
        resource_id,
        resource_name,
        action,
        previous_sharing_mode,
        new_sharing_mode,
        previous_shared_with,
        new_shared_with,
        owner_tenant_id,
        performed_by_user_id,
        affected_tenant_id,
        ip_address,
        user_agent
    )
    select
        case when change.affected_tenant_id is null then v_change else gen_random_uuid() end,
        'agent',
        p_agent_id,
        left(change.resource_name, 255),
        change.action,
        p_previous_mode,
        p_mode,
        change.previous_shared_with,
        change.new_shared_with,
        coalesce(p_owner, p_previous_owner, public.get_super_admin_tenant_id()),
        case when change.affected_tenant_id is null then v_user end,
        change.affected_tenant_id,
        case when change.affected_tenant_id is null and not v_is_staff then inet_client_addr() end,
        case when change.affected_tenant_id is null and not v_is_staff then v_agent end
    from (
        select
            case
                when coalesce(p_previous_mode, 'private') = 'private' and p_mode <> 'private' then 'shared'
                when coalesce(p_mode, 'private') = 'private' and p_previous_mode <> 'private' then 'unshared'
                else 'modified'
            end as action,
            coalesce(p_name, p_previous_name) as resource_name,
            null::uuid as affected_tenant_id,
            p_previous_recipients as previous_shared_with,
            p_recipients as new_shared_with
        union all
        select 'access_revoked', p_previous_name, t.id, array[t.id], null
        from (
            select unnest(p_previous_recipients)
            where p_mode is distinct from 'global'
            union
            select p_previous_owner
            where p_previous_owner <> p_owner
            except
            select unnest(p_recipients)
        ) as lost (id)
        join public.tenants as t on t.id = lost.id
        union all
        select 'access_granted', p_name, t.id, null, array[t.id]
        from (
            select unnest(p_recipients)
            union
            select p_owner
            where p_owner <> p_previous_owner
            except
            select unnest(p_previous_recipients)
        ) as gained (id)
        join public.tenants as t on t.id = gained.id
    ) as change;
    if v_is_staff then
        insert into vital_private.sharing_sources (audit_id, ip_address, user_agent)
        values (v_change, inet_client_addr(), v_agent);
    end if;
end
$$;

-- The one door to audit_sharing. Runs as its owner, because nobody else may call that function or write the audit.
create or replace function vital_private.audit_agent()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    case tg_op
        when 'INSERT' then
            perform vital_private.audit_sharing(
                new.id, null, new.name, null, new.tenant_id, null, new.sharing_mode, null, new.shared_with
            );
        when 'UPDATE' then
            perform vital_private.audit_sharing(
                new.id, old.name, new.name, old.tenant_id, new.tenant_id, old.sharing_mode, new.sharing_mode,
                old.shared_with, new.shared_with
            );
        when 'DELETE' then
            perform vital_private.audit_sharing(
                old.id, old.name, null, old.tenant_id, null, old.sharing_mode, null, old.shared_with, null
            );
        when 'TRUNCATE' then
            perform vital_private.audit_sharing(
                a.id, a.name, null, a.tenant_id, null, a.sharing_mode, null, a.shared_with, null
            )
            from public.agents as a
            where a.sharing_mode <> 'private';
    end case;
    return null;
end
$$;

select vital_private.close(array[
    'function vital_private.refuse_audit_change()',
    'function vital_private.keep_audited_tenant()',
    'function vital_private.audit_sharing(uuid, text, text, uuid, uuid, varchar, varchar, uuid[], uuid[])',
    'function vital_private.audit_agent()'
]);

drop trigger if exists refuse_audit_change on public.resource_sharing_audit;

create trigger refuse_audit_change
    before update or delete or truncate on public.resource_sharing_audit
    for each statement execute function vital_private.refuse_audit_change();

drop trigger if exists refuse_audit_change on vital_private.sharing_sources;

create trigger refuse_audit_change
    before update or delete or truncate on vital_private.sharing_sources
    for each statement execute function vital_private.refuse_audit_change();

drop trigger if exists keep_audited_tenants on public.tenants;
drop trigger if exists keep_audited_tenants_truncate on public.tenants;

create trigger keep_audited_tenants
    after delete on public.tenants
    for each row execute function vital_private.keep_audited_tenant();

create trigger keep_audited_tenants_truncate
    before truncate on public.tenants
    for each statement execute function vital_private.keep_audited_tenant();

-- What a policy cannot say.

-- A user who names the id of an agent that they do not see gets another id, and "duplicate key" tells them nothing about it;
-- an id that is free stands, because clients make ids of their own, and one that they see is an upsert or their own mistake.
-- Who inserts is the author, but an upsert of an agent that has none and that they may write leaves it at that.
-- Runs as its owner, because it must know what the user may not see. What remains is an insert of the same id at the same
-- moment by somebody else, which nobody can bring about without knowing the other's random id beforehand.
create or replace function vital_private.settle_agent_id()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_there record;
begin
    select
        a.tenant_id,
        a.created_by_user_id,
        (
            a.tenant_id = any ((select vital_private.readable_tenants())::uuid[])
            or a.sharing_mode = 'global'
            or (a.sharing_mode = 'selective' and a.shared_with && (select vital_private.readable_tenants()))
        ) is true as is_seen
    into v_there
    from public.agents as a
    where a.id = new.id;
    if found then
        if not v_there.is_seen then
            new.id := gen_random_uuid();
        elsif v_there.created_by_user_id is null
            and coalesce(v_there.tenant_id = any (vital_private.writable_tenants()), false)
        then
            return new;
        end if;
    end if;
    new.created_by_user_id := coalesce(new.created_by_user_id, vital_private.caller_id());
    return new;
end
$$;

-- Whether an agent that the caller may write has this author: an upsert that names every column names the author of the row
-- that is there.
create or replace function vital_private.is_author(p_agent_id uuid, p_author_id uuid)
returns boolean
language plpgsql
stable
parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (
        select
        from public.agents as a
        where a.id = p_agent_id
          and a.tenant_id = any ((select vital_private.writable_tenants())::uuid[])
          and a.created_by_user_id is not distinct from p_author_id
    );
end
$$;

-- Fills the owner of a new agent from the session, and its author if a trusted role inserts it, so that none is without an
-- owner: what is inserted for nobody is the platform's. No recipients are none, whether they come as null or as {}. And holds those whom row security binds to what a policy cannot compare: the
-- row before and after. Roles that row security does not bind are trusted, and audited like everybody.
create or replace function vital_private.guard_agent()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_is_user constant boolean := row_security_active('public.agents');
    v_moved boolean := false;
    v_reshared boolean;
    v_retyped boolean := coalesce(new.resource_type = 'platform', false);
begin
    if tg_op = 'INSERT' then
        if v_is_user then
            new.tenant_id := coalesce(new.tenant_id, public.get_current_tenant_id());
            if new.tenant_id is null then
                raise exception 'tenant_id is required, because you act for no tenant'
                    using
                        errcode = 'insufficient_privilege',
                        column = 'tenant_id',
                        hint = 'name a tenant that you belong to, in tenant_id, by set_tenant_context() or in the header x-tenant-id';
            end if;
        elsif new.tenant_id is null or new.created_by_user_id is null then
            -- Whatever somebody left in the settings of a pooled connection stops no trusted role.
            begin
                new.created_by_user_id := coalesce(new.created_by_user_id, vital_private.caller_id());
                new.tenant_id := coalesce(new.tenant_id, public.get_current_tenant_id());
            exception when data_exception then
                null;
            end;
            new.tenant_id := coalesce(
                new.tenant_id,
                (select t.id from public.tenants as t where t.type = 'platform')
            );
        end if;
        v_reshared := new.sharing_mode is distinct from 'private'
            or coalesce(new.is_shared, false)
            or coalesce(new.shared_with <> '{}', false);
    else
        if new.tenant_id is null and old.tenant_id is not null then
            raise exception 'an agent cannot lose its tenant' using errcode = 'not_null_violation';
        end if;
        if coalesce(new.shared_with, '{}') = coalesce(old.shared_with, '{}') then
            new.shared_with := old.shared_with;
        end if;
        v_moved := new.tenant_id is distinct from old.tenant_id;
        v_reshared := (new.is_shared, new.sharing_mode, new.shared_with)
            is distinct from (old.is_shared, old.sharing_mode, old.shared_with);
        v_retyped := v_retyped and old.resource_type is distinct from 'platform';
        if v_is_user and (new.id, new.created_by_user_id) is distinct from (old.id, old.created_by_user_id) then
            raise exception 'the id and the author of an agent never change' using errcode = 'insufficient_privilege';
        end if;
    end if;

    if not v_is_user or not (v_moved or v_reshared or v_retyped) then
        return new;
    end if;
    if vital_private.is_platform_admin() then
        return new;
    end if;
    if v_moved then
        raise exception 'only a platform admin may move an agent to another tenant'
            using errcode = 'insufficient_privilege';
    end if;
    if v_reshared then
        if not coalesce(new.tenant_id = any (vital_private.member_tenants('{owner,admin}')), false) then
            raise exception 'only an owner or admin of its tenant may change who an agent is shared with'
                using errcode = 'insufficient_privilege';
        end if;
        if new.sharing_mode = 'global' then
            raise exception 'only a platform admin may share an agent with every tenant'
                using errcode = 'insufficient_privilege';
        end if;
    end if;
    if v_retyped then
        raise exception 'only a platform admin may make an agent a platform resource'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end
$$;

-- What a counter of a new agent starts with: its default, whatever the statement says.
create or replace function vital_private.initial_count(p_table regclass, p_column name)
returns text
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
declare
    v_initial text;
begin
    execute (
        select 'select (' || coalesce(pg_get_expr(d.adbin, d.adrelid), case when a.attnotnull then '0' else 'null' end) || ')::text'
        from pg_attribute as a
        left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = p_table
          and a.attname = p_column
    )
    into v_initial;
    return v_initial;
end
$$;

-- What orders and counts agents is the server's to write, not the users': a row dated 2999 would head everybody's list. What
-- a statement says about it is passed over, because clients send every column that they know. Of the columns that are not
-- the tenancy's, those that are there and have a fitting type.
create or replace function vital_private.keep_counters()
returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    v_others constant name[] := array(
        select a.attname
        from pg_attribute as a
        where a.attrelid = tg_relid
          and a.attname = any ('{updated_at,popularity_score,rating,total_consultations}')
          and a.atttypid = any (
              case a.attname
                  when 'updated_at' then '{timestamptz,timestamp,date}'::regtype[]
                  else '{smallint,integer,bigint,numeric,real,"double precision"}'::regtype[]
              end
          )
          and a.attgenerated = ''
          and not a.attisdropped
    );
begin
    if 'updated_at' = any (v_others) then
        new.updated_at := now();
    end if;
    if tg_op = 'UPDATE' then
        new.created_at := old.created_at;
        new.access_count := old.access_count;
        new.last_accessed_at := old.last_accessed_at;
        if 'popularity_score' = any (v_others) then
            new.popularity_score := old.popularity_score;
        end if;
        if 'rating' = any (v_others) then
            new.rating := old.rating;
        end if;
        if 'total_consultations' = any (v_others) then
            new.total_consultations := old.total_consultations;
        end if;
        return new;
    end if;

    new.created_at := now();
    new.access_count := 0;
    new.last_accessed_at := null;
    if 'popularity_score' = any (v_others) then
        if new.popularity_score <> 0 then
            new.popularity_score := vital_private.initial_count(tg_relid, 'popularity_score');
        end if;
    end if;
    if 'rating' = any (v_others) then
        if new.rating <> 0 then
            new.rating := vital_private.initial_count(tg_relid, 'rating');
        end if;
    end if;
    if 'total_consultations' = any (v_others) then
        if new.total_consultations <> 0 then
            new.total_consultations := vital_private.initial_count(tg_relid, 'total_consultations');
        end if;
    end if;
    return new;
end
$$;

-- Runs as its owner, because a user does not see the tenants that they share with. Recipients that are there already are
-- not looked up again, so a row that names a lost tenant can still be changed otherwise. With the argument "open", the
-- tenants must be open, too; a user is told the same about one that is closed and one that does not exist. Recipients are
-- few and each is named once, whoever writes them, because readers of every tenant pay for them.
create or replace function vital_private.check_recipients()
returns trigger
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    v_unknown uuid;
    v_must_be_open constant boolean := tg_nargs > 0;
begin
    if cardinality(new.shared_with) > 200 then
        raise exception 'an agent is shared with at most 200 tenants, not %', cardinality(new.shared_with)
            using
                errcode = 'check_violation',
                constraint = 'agents_sharing_check',
                hint = 'share it with every tenant instead';
    end if;
    select recipient.id
    into v_unknown
    from unnest(new.shared_with) as recipient (id)
    where recipient.id is not null
      and (tg_op = 'INSERT' or not coalesce(recipient.id = any (old.shared_with), false))
      and not exists (
          select
          from public.tenants as t
          where t.id = recipient.id
            and (not v_must_be_open or (t.status in ('active', 'pending') and t.deleted_at is null))
      )
    limit 1;
    if found then
        raise exception 'cannot share with tenant %, which does not exist%',
            v_unknown, case when v_must_be_open then ' or is closed' else '' end
            using errcode = 'foreign_key_violation';
    end if;
    if (select count(*) > count(distinct recipient.id) from unnest(new.shared_with) as recipient (id)) then
        new.shared_with := array(
            select recipient.id
            from unnest(new.shared_with) with ordinality as recipient (id, place)
            group by recipient.id
            order by min(recipient.place)
        );
    end if;
    return new;
end
$$;

select vital_private.close(array[
    'function vital_private.settle_agent_id()',
    'function vital_private.is_author(uuid, uuid)',
    'function vital_private.guard_agent()',
    'function vital_private.initial_count(regclass, name)',
    'function vital_private.keep_counters()',
    'function vital_private.check_recipients()'
]);

grant execute on function vital_private.initial_count(regclass, name) to authenticated;
grant execute on function vital_private.is_author(uuid, uuid) to authenticated;

comment on function vital_private.is_author(uuid, uuid) is
    'Whether an agent that the caller may write has this author.';

-- Triggers of a kind fire in the order of their names: the rights, the id, the guard, the counters, then the look-up of
-- recipients. An update that leaves sharing alone pays for no look-up, and a role that row security does not bind not for
-- what holds users only.
drop trigger if exists agents_00_assert_current_rights on public.agents;
drop trigger if exists agents_05_settle_id on public.agents;
drop trigger if exists agents_10_guard on public.agents;
drop trigger if exists agents_15_keep_counters on public.agents;
drop trigger if exists agents_20_check_open_recipients_insert on public.agents;
drop trigger if exists agents_20_check_open_recipients_update on public.agents;
drop trigger if exists agents_20_check_recipients_insert on public.agents;
drop trigger if exists agents_20_check_recipients_update on public.agents;
drop trigger if exists agents_30_audit_insert on public.agents;
drop trigger if exists agents_30_audit_update on public.agents;
drop trigger if exists agents_30_audit_delete on public.agents;
drop trigger if exists agents_30_audit_truncate on public.agents;

create trigger agents_00_assert_current_rights
    before insert or update or delete on public.agents
    for each statement execute function vital_private.assert_current_rights();

create trigger agents_05_settle_id
    before insert on public.agents
    for each row
    when (row_security_active('public.agents'::regclass))
    execute function vital_private.settle_agent_id();

create trigger agents_10_guard
    before insert or update on public.agents
    for each row execute function vital_private.guard_agent();

create trigger agents_15_keep_counters
    before insert or update on public.agents
    for each row
    when (row_security_active('public.agents'::regclass))
    execute function vital_private.keep_counters();

create trigger agents_20_check_open_recipients_insert
    before insert on public.agents
    for each row
    when (new.shared_with is not null and row_security_active('public.agents'::regclass))
    execute function vital_private.check_recipients('open');

create trigger agents_20_check_open_recipients_update
    before update on public.agents
    for each row
    when (new.shared_with is distinct from old.shared_with and row_security_active('public.agents'::regclass))
    execute function vital_private.check_recipients('open');

create trigger agents_20_check_recipients_insert
    before insert on public.agents
    for each row
    when (new.shared_with is not null)
    execute function vital_private.check_recipients();

create trigger agents_20_check_recipients_update
    before update on public.agents
    for each row
    when (new.shared_with is distinct from old.shared_with)
    execute function vital_private.check_recipients();

create trigger agents_30_audit_insert
    after insert on public.agents
    for each row
    when (new.sharing_mode <> 'private')
    execute function vital_private.audit_agent();

create trigger agents_30_audit_update
    after update on public.agents
    for each row
    when (
        (new.tenant_id, new.is_shared, new.sharing_mode, new.shared_with)
        is distinct from (old.tenant_id, old.is_shared, old.sharing_mode, old.shared_with)
    )
    execute function vital_private.audit_agent();

create trigger agents_30_audit_delete
    after delete on public.agents
    for each row
    when (old.sharing_mode <> 'private')
    execute function vital_private.audit_agent();

create trigger agents_30_audit_truncate
    before truncate on public.agents
    for each statement execute function vital_private.audit_agent();

-- Policies.

select vital_private.replace_policies(
    array['public.agents', 'public.resource_sharing_audit']::regclass[],
    array[
        'agents_select_with_sharing',
        'agents_insert_own_tenant',
        'agents_update_own_tenant',
        'agents_delete_own_tenant',
        'resource_sharing_audit_select_involved'
    ]::name[]
);

select vital_private.drop_retired_functions();

alter table public.agents enable row level security, no force row level security;
alter table public.resource_sharing_audit enable row level security, no force row level security;

-- Each (select ...) is evaluated once per statement; a bare call would run once per row. Every condition is one
-- that an index answers alone, or the whole turns into a scan of the table. 'global' is repeated for the planner's sake:
-- it cannot know that a tenant's own agents all pass, expects too few to fill a page, and would sort every one of them
-- to list the newest; each repetition adds to what it expects, and costs nothing since ten are looked up by hash.

create policy agents_select_with_sharing
    on public.agents
    for select
    to authenticated
    using (
        tenant_id = any ((select vital_private.readable_tenants())::uuid[])
        or sharing_mode = any ('{global,global,global,global,global,global,global,global,global,global}'::text[])
        or (sharing_mode = 'selective' and shared_with && (select vital_private.readable_tenants()))
    );

create policy agents_insert_own_tenant
    on public.agents
    for insert
    to authenticated
    with check (
        tenant_id = any ((select vital_private.writable_tenants())::uuid[])
        and (sharing_mode = 'private' or tenant_id = any ((select vital_private.administered_tenants())::uuid[]))
        and (
            created_by_user_id = (select vital_private.caller_id())
            or vital_private.is_author(id, created_by_user_id)
        )
    );

-- What others read is changed by owners and admins; members write what is private.
create policy agents_update_own_tenant
    on public.agents
    for update
    to authenticated
    using (
        tenant_id = any ((select vital_private.writable_tenants())::uuid[])
        and (sharing_mode = 'private' or tenant_id = any ((select vital_private.administered_tenants())::uuid[]))
    )
    with check (
        tenant_id = any ((select vital_private.writable_tenants())::uuid[])
        and (sharing_mode = 'private' or tenant_id = any ((select vital_private.administered_tenants())::uuid[]))
    );

create policy agents_delete_own_tenant
    on public.agents
    for delete
    to authenticated
    using (
        tenant_id = any ((select vital_private.writable_tenants())::uuid[])
        and (sharing_mode = 'private' or tenant_id = any ((select vital_private.administered_tenants())::uuid[]))
    );

create policy resource_sharing_audit_select_involved
    on public.resource_sharing_audit
    for select
    to authenticated
    using (
        owner_tenant_id = any ((select vital_private.member_tenants('{owner,admin}'))::uuid[])
        or affected_tenant_id = any ((select vital_private.member_tenants('{owner,admin}'))::uuid[])
    );

-- Nothing relies on default privileges, in either direction. Revoking from the table takes grants on its columns along.
select vital_private.close(array['table public.agents', 'table public.resource_sharing_audit']);
grant select, insert, update, delete on public.agents to authenticated, service_role;
grant select on public.resource_sharing_audit to authenticated, service_role;

comment on table public.resource_sharing_audit is 'Every change of who an agent is shared with; append-only.';
comment on table vital_private.sharing_sources is
    'Where changes of sharing by platform staff came from; append-only.';
comment on policy agents_select_with_sharing on public.agents is
    'Agents of the acting tenant, global ones, and those shared with it; everything for a platform admin.';
