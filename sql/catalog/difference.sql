-- Where the promised and the live objects of one kind differ.
-- Returns: object text, state text (missing, extra or different), promised jsonb, live jsonb, properties text[],
--     expected text, actual text
--
-- What belongs to a table that is missing is not missing by itself.

select
    coalesce(p.object, l.object) as object,
    state.state,
    p.facts as promised,
    l.facts as live,
    changed.properties,
    case when state.state = 'extra' then 'absent' when state.state = 'missing' then 'present' else changed.expected end
        as expected,
    case when state.state = 'extra' then 'present' when state.state = 'missing' then 'absent' else changed.actual end
        as actual
from (
    select e.key as object, e.value as facts
    from jsonb_each((select current_setting('vital.promise')::jsonb) -> '{kind}') as e
) as p
full join (
{live}
) as l on l.object = p.object
cross join lateral (
    select case when l.object is null then 'missing' when p.object is null then 'extra' else 'different' end as state
) as state
cross join lateral (
    select
        array_agg(k.key order by k.key) as properties,
        string_agg(k.key || ': ' || coalesce(p.facts ->> k.key, 'none'), '; ' order by k.key) as expected,
        string_agg(k.key || ': ' || coalesce(l.facts ->> k.key, 'none'), '; ' order by k.key) as actual
    from (
        select jsonb_object_keys(p.facts)
        union
        select jsonb_object_keys(l.facts)
    ) as k (key)
    where p.facts -> k.key is distinct from l.facts -> k.key
) as changed
where p.facts is distinct from l.facts
  and not (
      l.object is null
      and p.facts ? 'table'
      and not exists (select from ({our_tables}) as o (oid) where o.oid::regclass::text = p.facts ->> 'table')
  )
