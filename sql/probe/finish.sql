-- Says which row of the probe could not be made, or writes what users need to create agents: vital.new_agent, the values,
-- vital.new_agent_people, the columns that name the user, and vital.asked, what the probe's agents were to be.

do $$
declare
    v_made constant jsonb := current_setting('vital.made')::jsonb;
    v_values constant jsonb := (v_made -> 'agent_new' -> 'values') - array['tenant_id'];
    v_problem text;
begin
    select m.value ->> 'problem'
    into v_problem
    from jsonb_each(v_made) as m
    where m.key !~ '^(parent |user_)| of user_'
      and m.value ? 'problem'
    limit 1;
    if v_problem is null and v_values is null then
        v_problem := 'no agent could be made';
    end if;
    if v_problem is not null then
        raise exception '%', v_problem || coalesce(
            (
                select '; people could not be made either: ' || min(m.value ->> 'problem')
                from jsonb_each(v_made) as m
                where m.key ~ '^user_'
                  and m.value ? 'problem'
            ),
            ''
        );
    end if;
    perform set_config('vital.new_agent', v_values::text, true);
    perform set_config(
        'vital.new_agent_people',
        (
            select coalesce(jsonb_agg(v.key), '[]')::text
            from jsonb_object_keys(v_values) as v (key)
            join pg_attribute as a on a.attrelid = 'public.agents'::regclass and a.attname = v.key
            join pg_constraint as k on k.conrelid = a.attrelid and k.contype = 'f' and k.conkey = array[a.attnum]
            where exists (
                select
                from jsonb_each(v_made) as m
                where m.value ->> 'table' = k.confrelid::regclass::text
                  and m.key ~ '(^| of )user_'
                  and m.value ? 'row'
            )
        ),
        true
    );
    perform set_config(
        'vital.asked',
        (
            select jsonb_object_agg(m.key, m.value -> 'fixed')::text
            from jsonb_each(v_made) as m
            where m.key ~ '^agent_'
              and m.key <> 'agent_new'
        ),
        true
    );
    -- A trigger may have had a mind of its own about ids.
    perform set_config('vital.' || m.key, m.value -> 'row' ->> 'id', true)
    from jsonb_each(v_made) as m
    where m.key ~ '^(agent|tenant)_'
      and m.key <> 'agent_new';
end
$$
