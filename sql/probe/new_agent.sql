-- A row of public.agents with the values of vital.new_agent, by the user who acts. To be put into a from clause.

pg_catalog.jsonb_populate_record(
    null::public.agents,
    current_setting('vital.new_agent')::jsonb || coalesce(
        (
            select jsonb_object_agg(p.name, current_setting('vital.user_' || current_setting('vital.actor'), true))
            from jsonb_array_elements_text(current_setting('vital.new_agent_people')::jsonb) as p (name)
            where current_setting('vital.user_' || current_setting('vital.actor'), true) <> ''
        ),
        '{}'
    )
) as new_agent
