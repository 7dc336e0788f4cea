-- id: behaviour-visibility
-- level: error
-- title: A user sees an agent that they must not see, or misses one that they must see
-- explanation: Acting as a user in each standing: owner, member and guest see their tenant's agents, global ones and those
--   shared with it; a neighbour the same of the other tenant; who belongs to no tenant, was removed, suspended or only
--   invited, or whose tenant is suspended, sees global agents alone; a platform admin sees all, a visitor none.
-- fix: Mend what the other checks find in policies, row security and functions; then run this one again.
-- expects: success
-- causes: public.agents public.agents.* vital_private.* public.get_current_tenant_id* role*
-- actors: owner member guest neighbour stranger removed suspended invited inmate admin anon

select
    'behaviour-visibility' as check_id,
    'error' as level,
    format('as %s: %s', current_setting('vital.actor'), replace(t.agent, '_', ' ')) as object,
    case when t.is_visible then 'visible' else 'hidden' end as expected,
    case when t.is_visible then 'hidden' else 'visible' end as actual,
    null as explanation,
    null as fix
from (
    select
        m.agent,
        current_setting('vital.actor') = any (string_to_array(m.readers, ' ')) as is_visible
    from (
        values
            ('own_private', 'owner member guest admin'),
            ('own_shared', 'owner member guest neighbour admin'),
            ('global', 'owner member guest neighbour stranger removed suspended invited inmate admin'),
            ('foreign_private', 'neighbour admin'),
            ('foreign_shared', 'owner member guest neighbour admin'),
            ('closed_private', 'admin')
    ) as m (agent, readers)
) as t
where t.is_visible <> exists (
    select
    from public.agents as a
    where a.id = current_setting('vital.agent_' || t.agent)::uuid
)
