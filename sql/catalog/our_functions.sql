-- The functions of the tenancy: all of vital_private, and those of schema public that bear a promised name.
-- Returns: oid

select p.oid
from pg_proc as p
join pg_namespace as n on n.oid = p.pronamespace
where p.prokind = 'f'
  and (
      n.nspname = 'vital_private'
      or (
          n.nspname = 'public'
          and p.proname = any (array[{names:functions:public}]::name[])
      )
  )
