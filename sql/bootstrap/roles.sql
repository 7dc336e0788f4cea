-- The roles of the API, as Supabase names and shapes them, where they are missing. An existing role is left as it is.
-- Needs CREATEROLE; service_role bypasses row security, which only a superuser, or from PostgreSQL 16 on a role that
-- bypasses it too, may grant.

do $$
declare
    v_wanted record;
begin
    for v_wanted in
        select wanted.role_name, wanted.attributes
        from (
            values
                (1, 'anon', 'nologin noinherit'),
                (2, 'authenticated', 'nologin noinherit'),
                (3, 'service_role', 'nologin noinherit bypassrls'),
                (4, 'authenticator', 'nologin noinherit')
        ) as wanted (position, role_name, attributes)
        where not exists (select from pg_catalog.pg_roles as r where r.rolname = wanted.role_name)
        order by wanted.position
    loop
        execute format('create role %I %s', v_wanted.role_name, v_wanted.attributes);
        if v_wanted.role_name = 'authenticator' then
            grant anon, authenticated, service_role to authenticator;
        end if;
    end loop;
end
$$;
