-- Which of these tenants ($1) have more members than their quota of users, by any of its names, allows.
-- Returns: slug text, quota text, allowed text, active bigint, invited bigint

select t.slug::text as slug, q.key as quota, q.value #>> '{}' as allowed, m.active, m.invited
from public.tenants as t
cross join lateral jsonb_each(case jsonb_typeof(t.quotas) when 'object' then t.quotas else '{}' end) as q
cross join lateral (
    select
        count(*) filter (where m.status = 'active') as active,
        count(*) filter (where m.status = 'invited') as invited
    from public.user_tenants as m
    where m.tenant_id = t.id
) as m
where t.id = any ($1::uuid[])
  and q.key ~ '^(max_)?(users|members|seats)(_limit)?$'
  and jsonb_typeof(q.value) = 'number'
  and (m.active + m.invited) > (q.value #>> '{}')::numeric
order by t.slug, q.key
