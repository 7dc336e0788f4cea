-- The policies of the tenancy's tables, with their expressions as the server writes them.
-- Returns: object text, facts jsonb

select
    format('%s.%I', p.polrelid::regclass, p.polname) as object,
    jsonb_strip_nulls(jsonb_build_object(
        'table', p.polrelid::regclass::text,
        'command', case p.polcmd
            when 'r' then 'select'
            when 'a' then 'insert'
            when 'w' then 'update'
            when 'd' then 'delete'
            else 'all'
        end,
        'permissive', p.polpermissive,
        'roles', (
            select string_agg(r.name, ', ' order by r.name)
            from (
                select case when m.oid = 0 then 'public' else m.oid::regrole::text end
                from unnest(p.polroles) as m (oid)
            ) as r (name)
        ),
        'using', pg_get_expr(p.polqual, p.polrelid),
        'check', pg_get_expr(p.polwithcheck, p.polrelid)
    )) as facts
from pg_policy as p
where p.polrelid in ({our_tables})
