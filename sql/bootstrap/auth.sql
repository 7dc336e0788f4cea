-- Schema auth with the functions that tell who is calling, as Supabase defines them, where they are missing. They read the
-- settings that PostgREST makes of a token; whoever else connects must set request.jwt.claims from a verified token.

do $$
begin
    if to_regnamespace('auth') is null then
        create schema auth;
        grant usage on schema auth to anon, authenticated, service_role;
    end if;
    if to_regprocedure('auth.uid()') is null then
        create function auth.uid()
        returns uuid
        language sql
        stable
        as $uid$
            select coalesce(
                nullif(current_setting('request.jwt.claim.sub', true), ''),
                nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
            )::uuid
        $uid$;
        grant execute on function auth.uid() to anon, authenticated, service_role;
    end if;
    if to_regprocedure('auth.role()') is null then
        create function auth.role()
        returns text
        language sql
        stable
        as $role$
            select coalesce(
                nullif(current_setting('request.jwt.claim.role', true), ''),
                nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
            )
        $role$;
        grant execute on function auth.role() to anon, authenticated, service_role;
    end if;
    if to_regprocedure('auth.jwt()') is null then
        create function auth.jwt()
        returns jsonb
        language sql
        stable
        as $jwt$
            select coalesce(
                nullif(current_setting('request.jwt.claim', true), ''),
                nullif(current_setting('request.jwt.claims', true), '')
            )::jsonb
        $jwt$;
        grant execute on function auth.jwt() to anon, authenticated, service_role;
    end if;
end
$$;
