-- What the owner of public.agents, or of the database where there is no such table yet, needs for every command and does not
-- have, if they are no superuser: to create schemas and tables, to ask who is calling, and to act as the roles of the API,
-- as `vital verify` does.

do $$
declare
    v_owner record;
    v_role name;
begin
    select r.oid, r.rolname
    into v_owner
    from pg_catalog.pg_roles as r
    where not r.rolsuper
      and r.oid = coalesce(
          (
              select c.relowner
              from pg_catalog.pg_class as c
              join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
              where n.nspname = 'public'
                and c.relname = 'agents'
          ),
          (select d.datdba from pg_catalog.pg_database as d where d.datname = current_database())
      );
    if not found then
        return;
    end if;
    if not has_database_privilege(v_owner.oid, current_database(), 'create') then
        execute format('grant create on database %I to %I', current_database(), v_owner.rolname);
    end if;
    if not has_schema_privilege(v_owner.oid, 'public', 'usage') or not has_schema_privilege(v_owner.oid, 'public', 'create') then
        execute format('grant usage, create on schema public to %I', v_owner.rolname);
    end if;
    if not has_schema_privilege(v_owner.oid, 'auth', 'usage') then
        execute format('grant usage on schema auth to %I', v_owner.rolname);
    end if;
    for v_role in
        select r.rolname
        from pg_catalog.pg_roles as r
        where r.rolname in ('anon', 'authenticated', 'service_role')
          and not pg_has_role(
              v_owner.oid,
              r.oid,
              case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end
          )
    loop
        execute format('grant %I to %I', v_role, v_owner.rolname);
    end loop;
end
$$;
