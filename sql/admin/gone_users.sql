-- Which of these users ($1) have a membership or a role: those of them who are gone from auth.users can still lose it.
-- Returns: id uuid

select wanted.id
from unnest($1::uuid[]) as wanted (id)
where exists (select from public.user_tenants as m where m.user_id = wanted.id)
   or exists (select from public.user_roles as r where r.user_id = wanted.id)
