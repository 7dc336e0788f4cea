-- The comments on the tenancy's objects.
-- Returns: object text, facts jsonb

select c.object, jsonb_build_object('comment', c.comment) as facts
from (
    select 'schema ' || quote_ident(n.nspname) as object, obj_description(n.oid, 'pg_namespace') as comment
    from pg_namespace as n
    where n.nspname in ('vital_private', 'vital_retired')
    union all
    select 'table ' || t.oid::regclass, obj_description(t.oid, 'pg_class')
    from pg_class as t
    where t.oid in ({our_tables})
    union all
    select format('column %s.%I', d.objoid::regclass, a.attname), d.description
    from pg_description as d
    join pg_attribute as a on a.attrelid = d.objoid and a.attnum = d.objsubid
    where d.classoid = 'pg_class'::regclass
      and d.objoid in ({our_tables})
      and d.objsubid > 0
    union all
    select 'function ' || f.oid::regprocedure, obj_description(f.oid, 'pg_proc')
    from pg_proc as f
    where f.oid in ({our_functions})
    union all
    select format('policy %I on %s', p.polname, p.polrelid::regclass), obj_description(p.oid, 'pg_policy')
    from pg_policy as p
    where p.polrelid in ({our_tables})
) as c
where c.comment is not null
