-- id: disagreeing-sharing
-- level: error
-- title: The sharing columns of agents disagree
-- explanation: One reader goes by is_shared, another by sharing_mode or shared_with: what one calls private, another shows. And
--   every reader pays for recipients that are named twice, or for more than 200 of them.
-- fix: Settle each, the narrower reading first, and validate the constraint agents_sharing_check.

select
    'disagreeing-sharing' as check_id,
    'error' as level,
    'public.agents' as object,
    'is_shared, sharing_mode and shared_with say the same' as expected,
    format('%s disagree, such as %s', count(*), min(a.id::text)) as actual,
    null as explanation,
    E'-- review: the narrower reading wins\n'
    'update public.agents as a\n'
    'set is_shared = s.sharing_mode <> ''private'',\n'
    '    sharing_mode = s.sharing_mode,\n'
    '    shared_with = case when s.sharing_mode = ''selective'' then s.recipients end\n'
    'from (\n'
    '    select\n'
    '        b.id,\n'
    '        case\n'
    '            when b.is_shared and b.sharing_mode = ''global'' then ''global''\n'
    '            when b.is_shared and b.sharing_mode = ''selective''\n'
    '                and cardinality(array_remove(b.shared_with, null)) > 0 then ''selective''\n'
    '            else ''private''\n'
    '        end as sharing_mode,\n'
    '        array(select distinct r.id from unnest(b.shared_with) as r (id) where r.id is not null) as recipients\n'
    '    from public.agents as b\n'
    ') as s\n'
    'where a.id = s.id\n'
    '  and (a.is_shared, a.sharing_mode, coalesce(a.shared_with, ''{}'')) is distinct from (\n'
    '      s.sharing_mode <> ''private'',\n'
    '      s.sharing_mode,\n'
    '      case\n'
    '          when s.sharing_mode <> ''selective'' then ''{}''\n'
    '          when cardinality(s.recipients) = cardinality(a.shared_with) then a.shared_with\n'
    '          else s.recipients\n'
    '      end\n'
    '  );' as fix
from public.agents as a
where not exists (
    select
    from pg_constraint as k
    where k.conrelid = 'public.agents'::regclass
      and k.conname = 'agents_sharing_check'
      and k.convalidated
)
  and not coalesce(
      a.is_shared = (a.sharing_mode <> 'private')
      and (a.sharing_mode = 'selective') = (coalesce(cardinality(a.shared_with), 0) > 0)
      and array_position(a.shared_with, null) is null
      and coalesce(cardinality(a.shared_with), 0) <= 200
      and not exists (select from unnest(a.shared_with) as r (id) group by r.id having count(*) > 1),
      false
  )
having count(*) > 0
