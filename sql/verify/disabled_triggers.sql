-- id: disabled-triggers
-- level: error
-- title: A trigger of the tenancy, or one that keeps a foreign key, is disabled
-- explanation: While it is off nobody is held to the rules that it enforces, no sharing is audited, and rows may name
--   tenants that do not exist.
-- fix: Enable it; `vital verify --fix` does it. Rows that were written meanwhile stay as they are.
-- mends: triggers

select
    'disabled-triggers' as check_id,
    'error' as level,
    case
        when t.tgisinternal then format('%s.%I', s.name, coalesce(k.conname, t.tgname))
        else format('%s.%I', s.name, t.tgname)
    end as object,
    'enabled' as expected,
    min(case t.tgenabled when 'D' then 'disabled' else 'enabled on replicas only' end) as actual,
    null as explanation,
    case
        when t.tgisinternal then format('alter table %s enable trigger all;', s.name)
        else format('alter table %s enable trigger %I;', s.name, t.tgname)
    end as fix
from (
    select x.oid, x.name
    from (
{scope}
    ) as x
    union
    select o.oid, o.oid::regclass::text
    from ({our_tables}) as o (oid)
) as s
join pg_trigger as t on t.tgrelid = s.oid
left join pg_constraint as k on k.oid = t.tgconstraint
where t.tgenabled in ('D', 'R')
  and (
      t.tgisinternal
      or (select current_setting('vital.promise')::jsonb) -> 'triggers' ? format('%s.%I', s.name, t.tgname)
  )
group by s.name, t.tgisinternal, k.conname, t.tgname
