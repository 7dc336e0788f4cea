-- id: behaviour-rewriting-triggers
-- level: error
-- title: A trigger of others changes the tenant or the sharing of an agent that is written
-- explanation: It runs beside the guard, and what it writes nobody asked for: an agent becomes another tenant's, or is shown
--   to tenants that it is not shared with.
-- fix: Take the tenancy's columns out of the trigger's function, or drop the trigger.
-- actors: prober owner
-- expects: answer

do $vital$
begin
    -- What others check when the transaction ends, they check now, if they can.
    set constraints all immediate;
exception when others then
    null;
end
$vital$;

with made as (
    insert into public.agents ({new_agent_columns}tenant_id, category)
    select {new_agent_columns}current_setting('vital.tenant_home')::uuid, null
    from {new_agent}
    returning id
)
select set_config('vital.agent_made', (select m.id::text from made as m), true);

update public.agents
set category = 'probed'
where id = current_setting('vital.agent_own_private')::uuid;

-- look

with written as (
    select
        to_jsonb(a) as row,
        coalesce(
            asked.value,
            jsonb_build_object(
                'tenant_id', current_setting('vital.tenant_home'),
                'is_shared', false,
                'sharing_mode', 'private',
                'shared_with', null
            )
        ) as asked
    from public.agents as a
    left join jsonb_each(current_setting('vital.asked')::jsonb) as asked
        on current_setting('vital.' || asked.key) = a.id::text
    where a.id = nullif(current_setting('vital.agent_made', true), '')::uuid
       or (asked.key is not null and a.id = current_setting('vital.' || asked.key)::uuid)
),
changed as (
    select
        f.key as column_name,
        min(format('%s instead of %s', coalesce(w.row ->> f.key, 'none'), coalesce(f.value #>> '{}', 'none'))) as what
    from written as w
    cross join lateral jsonb_each(w.asked) as f
    where f.key <> 'id'
      and w.row -> f.key is distinct from f.value
      and (f.key <> 'shared_with' or coalesce(w.row -> f.key, 'null') not in ('null', '[]') or f.value <> 'null')
    group by f.key
)
select
    'behaviour-rewriting-triggers' as check_id,
    'error' as level,
    'public.agents: trigger ' || t.names as object,
    'what was written' as expected,
    format(
        'as %s: %s',
        current_setting('vital.actor'),
        string_agg(format('%s %s', c.column_name, c.what), ', ' order by c.column_name)
    ) as actual,
    null as explanation,
    t.fix
from changed as c
cross join (
    select
        string_agg(f.name, ', ' order by f.name) as names,
        string_agg(
            format(E'-- review: it does more, or somebody made it for this\ndrop trigger %s on public.agents;', f.name),
            E'\n'
            order by f.name
        ) as fix
    from (
        select
            quote_ident(t.tgname) as name,
            p.prosrc ~ '\m(tenant_id|is_shared|sharing_mode|shared_with)\M' as is_suspect,
            bool_or(p.prosrc ~ '\m(tenant_id|is_shared|sharing_mode|shared_with)\M') over () as is_any_suspect
        from pg_trigger as t
        join pg_proc as p on p.oid = t.tgfoid
        where t.tgrelid = 'public.agents'::regclass
          and not t.tgisinternal
          and t.tgenabled <> 'D'
          and p.pronamespace <> (select n.oid from pg_namespace as n where n.nspname = 'vital_private')
    ) as f
    where f.is_suspect = f.is_any_suspect
) as t
where t.names is not null
group by t.names, t.fix
