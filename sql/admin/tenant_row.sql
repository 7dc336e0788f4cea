-- A tenant ($1), held against others who change it, as one document ({document}).
-- Returns: document jsonb

select {document} as document
from public.tenants as t
where t.id = $1::uuid
for no key update
