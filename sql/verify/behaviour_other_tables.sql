-- id: behaviour-other-tables
-- level: error
-- title: Rows of another table are read or written by somebody whose tenant they are not
-- explanation: For every table with a column that names a tenant or an organization, a visitor, somebody who belongs nowhere
--   and a member of another tenant try to read, change and delete rows that are there, or one that is made for it, and to add
--   one to another tenant's; then once more after moving everything that such a user may set or write: settings of the
--   session, request headers, user_metadata, their own rows in other tables, functions that set a context.
-- fix: Let the policies compare the column with what the user cannot set, as the tenancy's functions tell it. If everybody
--   may read the table, note an exception.
-- causes: vital_retired.*
-- actors: prober
-- expects: answer

{tables}

-- look

select
    'behaviour-other-tables' as check_id,
    'error' as level,
    l.name as object,
    format('no row whose %I is another''s', c.column_name) as expected,
    (
        select string_agg(h.what, '; ' order by h.position)
        from (
            select
                min(x.ordinality) as position,
                format(
                    '%s %s %s of %s%s',
                    case x.value ->> 'actor'
                        when 'anon' then 'anon'
                        when 'stranger' then 'a user without a tenant'
                        else 'a member of another tenant'
                    end,
                    x.value ->> 'verb',
                    max((x.value ->> 'read')::bigint),
                    max((x.value ->> 'rows')::bigint),
                    coalesce(' ' || (x.value ->> 'told'), '')
                ) as what
            from jsonb_array_elements(l.hits) with ordinality as x
            where x.value ->> 'name' <> '*'
               or x.value ->> 'lever' <> 'settings'
               or not exists (
                   select
                   from jsonb_array_elements(l.hits) as y
                   where y.value ->> 'actor' = x.value ->> 'actor'
                     and y.value ->> 'lever' = 'settings'
                     and y.value ->> 'name' <> '*'
               )
            group by x.value ->> 'actor', x.value ->> 'verb', x.value ->> 'told'
            order by position
            limit 6
        ) as h
    ) as actual,
    null as explanation,
    case
        when c.type_name = 'uuid' and l.target = 'public.tenants' then (
            select string_agg(
                format(
                    E'-- review: keep what else it has to say\nalter policy %I on %s to authenticated%s%s;',
                    p.polname,
                    l.name,
                    ' using ' || case
                        when p.polqual is null then null
                        when p.polcmd in ('r', '*') then '(' || x.reads || ')'
                        else '(' || x.writes || ')'
                    end,
                    case when p.polcmd in ('r', 'd') then null else ' with check (' || x.writes || ')' end
                ),
                E'\n'
                order by p.polname
            )
            from pg_policy as p
            cross join lateral (
                select
                    format('%I = any ((select vital_private.readable_tenants())::uuid[])', c.column_name) as reads,
                    format('%I = any ((select vital_private.writable_tenants())::uuid[])', c.column_name) as writes,
                    '^\(\w+ = ANY \(\(\s*SELECT vital_private\.' as own
            ) as x
            where p.polrelid = l.name::regclass
              and p.polpermissive
              and not p.polroles <@ array(select r.oid from pg_roles as r where r.rolname = 'service_role' or r.rolbypassrls)
              and not (
                  coalesce(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) ~ x.own
                  and coalesce(pg_get_expr(p.polwithcheck, p.polrelid), pg_get_expr(p.polqual, p.polrelid)) ~ x.own
              )
        )
        else format('-- review: compare %s.%I with what the user can neither set nor write', l.name, c.column_name)
    end as fix
from jsonb_to_recordset(current_setting('vital.leaks')::jsonb)
    as l (name text, "column" text, type text, target text, hits jsonb)
cross join lateral (select l."column" as column_name, l.type as type_name) as c
union all
select
    'behaviour-other-tables',
    'not checked',
    u.name,
    'a row to look for',
    u.reason,
    null,
    null
from jsonb_to_recordset(current_setting('vital.unseen')::jsonb) as u (name text, reason text)
