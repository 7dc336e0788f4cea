-- id: lost-recipients
-- level: error
-- title: Agents are shared with a tenant that does not exist
-- explanation: Whoever creates a tenant with that id reads them at once, and the sharing reports count access that nobody
--   has.
-- fix: Take the lost tenants out of shared_with; an agent that is shared with nobody then becomes private.

select
    'lost-recipients' as check_id,
    'error' as level,
    'public.agents' as object,
    'every recipient is a tenant' as expected,
    format(
        '%s agents name lost tenants, such as %s naming %s',
        count(distinct a.id),
        min(a.id::text),
        min(r.id::text)
    ) as actual,
    null as explanation,
    E'-- review: takes access from nobody; audited\n'
    'update public.agents as a\n'
    'set shared_with = nullif(kept.ids, ''{}''),\n'
    '    is_shared = kept.ids <> ''{}'',\n'
    '    sharing_mode = case when kept.ids = ''{}'' then ''private'' else ''selective'' end\n'
    'from (\n'
    '    select b.id, array(select r.id from unnest(b.shared_with) as r (id) join public.tenants as t on t.id = r.id) as ids\n'
    '    from public.agents as b\n'
    '    where b.sharing_mode = ''selective''\n'
    ') as kept\n'
    'where a.id = kept.id and cardinality(kept.ids) < cardinality(a.shared_with);' as fix
from public.agents as a
cross join lateral unnest(a.shared_with) as r (id)
where a.sharing_mode = 'selective'
  and not exists (select from public.tenants as t where t.id = r.id)
having count(*) > 0
