-- Lists the policies on public.agents that migrations replaced, the last of each name, as a JSON array.
select coalesce(jsonb_agg(jsonb_build_object('name', r.policy_name, 'definition', r.definition)), '[]')::text as json
from (
    select distinct on (p.policy_name) p.policy_name, p.definition
    from vital_private.replaced_policies as p
    where p.table_name = 'public.agents'
    order by p.policy_name, p.id desc
) as r
