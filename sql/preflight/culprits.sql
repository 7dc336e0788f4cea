-- The triggers of others whose functions an error's context names.
-- $1 text, the context
-- Returns: object text, calls text, disable text

select
    format('event trigger %I', e.evtname) as object,
    f.oid::regprocedure::text as calls,
    format('alter event trigger %I disable', e.evtname) as disable
from pg_event_trigger as e
join pg_proc as f on f.oid = e.evtfoid
where e.evtenabled <> 'D'
  and (strpos($1, f.proname || '(') > 0 or strpos($1, '"' || f.proname || '"') > 0)
union all
select
    format('trigger %I on %s', t.tgname, t.tgrelid::regclass),
    f.oid::regprocedure::text,
    format('alter table %s disable trigger %I', t.tgrelid::regclass, t.tgname)
from pg_trigger as t
join pg_proc as f on f.oid = t.tgfoid
where not t.tgisinternal
  and t.tgenabled <> 'D'
  and t.tgrelid::regclass::text in ({qualified:tables:public})
  and f.pronamespace is distinct from to_regnamespace('vital_private')
  and (strpos($1, f.proname || '(') > 0 or strpos($1, '"' || f.proname || '"') > 0)
order by 1
