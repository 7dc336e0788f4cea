-- What fires triggers of others: statements that a migration will run in kind, to be tried and rolled back beforehand.
-- Returns: rank integer, statement text; each runs under the role's own search_path
--
-- A statement that writes rows sets each column to what it is: what a trigger says to the new value, only the rehearsal of
-- the migrations themselves can show.

with columns as (
{columns}
),
triggers as (
    select t.tgrelid, t.tgtype
    from pg_trigger as t
    join pg_proc as f on f.oid = t.tgfoid
    where not t.tgisinternal
      and t.tgenabled in ('O', 'A')
      and f.pronamespace is distinct from to_regnamespace('vital_private')
)
-- Bit 4 of the type is update, bit 2 insert.
select
    1 as rank,
    format(
        'update public.agents set %s where %s',
        string_agg(format('%I = %1$I', c.column_name), ', ' order by c.column_name),
        string_agg(
            case c.column_name
                when 'tenant_id' then 'tenant_id is null'
                when 'is_shared' then 'is_shared is null'
                when 'sharing_mode' then 'sharing_mode is null'
            end,
            ' or '
        )
        || case
            when count(*) filter (where c.column_name in ('is_shared', 'sharing_mode') and c.misfit is null) = 2
                then ' or is_shared <> (sharing_mode::text <> ''private'')'
            else ''
        end
    ) as statement
from columns as c
where c.table_name = 'public.agents'
  and c.exists
  and exists (select from triggers as t where t.tgrelid = c.relation and t.tgtype & 16 <> 0)
having count(*) filter (where c.column_name in ('tenant_id', 'is_shared', 'sharing_mode')) > 0
union all
select
    2,
    'update public.user_roles set role = role where role::text = ''platform_admin'' and tenant_id is not null'
from columns as c
where c.table_name = 'public.user_roles'
  and c.exists
  and exists (select from triggers as t where t.tgrelid = c.relation and t.tgtype & 16 <> 0)
having count(*) filter (where c.column_name in ('role', 'tenant_id')) = 2
