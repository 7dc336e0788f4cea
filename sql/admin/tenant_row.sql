-- A tenant ($1), held against others who change it: as one document, and each of its values as text.
-- Returns: document jsonb, texts jsonb

select
    to_jsonb(t) as document,
    (
        select jsonb_object_agg(e.key, e.value::text)
        from jsonb_each(to_jsonb(t)) as e
        where e.value <> 'null'
    ) as texts
from public.tenants as t
where t.id = $1::uuid
for no key update
