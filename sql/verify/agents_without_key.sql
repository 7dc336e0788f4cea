-- id: agents-without-key
-- level: error
-- title: Agents have no key
-- explanation: Nothing keeps two agents from having the same id, which is what the audit, the API and every link to an agent
--   go by: a change meant for one of them changes both.
-- fix: Find the ids that are there twice, then add the primary key.
-- requires: public.agents

select
    'agents-without-key' as check_id,
    'error' as level,
    'public.agents' as object,
    'a primary key or a unique index on id' as expected,
    'none' as actual,
    null as explanation,
    E'-- review: fails while an id is there twice; locks the table while it builds\nalter table public.agents add primary key (id);' as fix
where not exists (
    select
    from pg_index as i
    join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
    where i.indrelid = 'public.agents'::regclass
      and i.indisunique
      and i.indisvalid
      and i.indpred is null
      and i.indnkeyatts = 1
      and a.attname = 'id'
)
