-- As a member, inserts each row that references_find.sql listed, but for an agent of another tenant that the member does not
-- see, and writes to vital.referred the foreign keys that let it in.
--
-- Locks: row exclusive on the tables.

do $$
declare
    v_made constant jsonb := current_setting('vital.made')::jsonb;
    v_prober constant text := current_user;
    v_reference jsonb;
    v_values jsonb;
    v_state text;
    v_referred jsonb := '[]';
begin
    for v_reference in
        select r.value
        from jsonb_array_elements(current_setting('vital.references')::jsonb) as r
        where v_made -> (r.value ->> 'name') ? 'values'
    loop
        v_values := (v_made -> (v_reference ->> 'name') -> 'values')
            || jsonb_build_object(v_reference ->> 'column', current_setting('vital.agent_foreign_private'));
        begin
            perform set_config(
                'request.jwt.claims',
                jsonb_build_object('sub', current_setting('vital.user_member'), 'role', 'authenticated')::text,
                true
            );
            perform set_config('search_path', current_setting('vital.path'), true);
            perform set_config('role', 'authenticated', true);
            execute format(
                'insert into %1$s (%2$s) select %2$s from pg_catalog.jsonb_populate_record(null::%1$s, $1)',
                v_reference ->> 'table',
                (select string_agg(quote_ident(k), ', ') from jsonb_object_keys(v_values) as k)
            ) using v_values;
            raise exception 'taken back' using errcode = 'VT000';
        exception when others then
            get stacked diagnostics v_state = returned_sqlstate;
        end;
        if v_state = 'VT000' then
            v_referred := v_referred || v_reference;
        end if;
    end loop;
    perform set_config('role', v_prober, true);
    perform set_config('vital.referred', v_referred::text, true);
end
$$
