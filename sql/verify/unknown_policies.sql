-- id: unknown-policies
-- level: error
-- title: A permissive policy that the migrations do not know widens access
-- explanation: Permissive policies are OR-ed: what this one lets through, it lets through whatever the others say.
-- fix: Drop it, or make it restrictive if it was meant to narrow. `vital verify --fix` leaves it to you.

select
    'unknown-policies' as check_id,
    'error' as level,
    p.object,
    'no such policy' as expected,
    format(
        'permissive for %s to %s%s%s',
        p.facts ->> 'command',
        p.facts ->> 'roles',
        coalesce(' using ' || (p.facts ->> 'using'), ''),
        coalesce(' with check ' || (p.facts ->> 'check'), '')
    ) as actual,
    null as explanation,
    format(
        E'-- review: somebody made it for a reason\ndrop policy %s on %s;',
        substr(p.object, length(p.facts ->> 'table') + 2),
        p.facts ->> 'table'
    ) as fix
from (
{catalog:policies}
) as p
where (p.facts ->> 'permissive')::boolean
  -- One for roles that row security does not bind anyway, such as service_role, widens nothing.
  and exists (
      select
      from unnest(string_to_array(p.facts ->> 'roles', ', ')) as n (role)
      left join pg_roles as r on quote_ident(r.rolname) = n.role
      where not coalesce(r.rolbypassrls or r.rolsuper or r.rolname = 'service_role', false)
  )
  and not (select current_setting('vital.promise')::jsonb) -> 'policies' ? p.object
