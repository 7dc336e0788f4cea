-- What hangs on columns whose type changes. The server changes no type under a policy, a view, a trigger or a publication;
-- indexes and checks it makes anew, which fails where the new type has no such operator.
-- Returns: version bigint, relation oid, table_name text, column_name name, kind text, object text, is_ours boolean,
--     drop_text text, create_text text, changes_kind boolean
--
-- is_ours: a migration makes it anew, or the adoption does around the change.

select
    c.version,
    c.relation,
    c.table_name,
    c.column_name,
    found.kind,
    found.object,
    found.is_ours,
    found.drop_text,
    found.create_text,
    c.changes_kind
from (
{columns}
) as c
join pg_attribute as a on a.attrelid = c.relation and a.attname = c.column_name
join pg_depend as d on d.refclassid = 'pg_class'::regclass and d.refobjid = c.relation and d.refobjsubid = a.attnum
cross join lateral (
    select
        'policy' as kind,
        format('policy %I on %s', p.polname, p.polrelid::regclass) as object,
        own.truth or replaced.truth as is_ours,
        case when not replaced.truth then format('drop policy %I on %s', p.polname, p.polrelid::regclass) end as drop_text,
        format(
            'create policy %I on %s as %s for %s to %s%s%s',
            p.polname,
            p.polrelid::regclass,
            case when p.polpermissive then 'permissive' else 'restrictive' end,
            case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end,
            (
                select string_agg(case when r.oid = 0 then 'public' else r.oid::regrole::text end, ', ')
                from unnest(p.polroles) as r (oid)
            ),
            ' using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
            ' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'
        ) as create_text
    from pg_policy as p
    cross join lateral (
        select
            (select current_setting('vital.manifest')::jsonb) -> 'policies' ? format('%s.%I', p.polrelid::regclass, p.polname) as truth
    ) as own
    -- Migration 1 replaces those of its tables before it changes them.
    cross join lateral (
        select
            c.version = 20251026000001
            and p.polrelid in (to_regclass('public.tenants'), to_regclass('public.user_tenants'), to_regclass('public.user_roles'))
            and (p.polpermissive or own.truth) as truth
    ) as replaced
    where d.classid = 'pg_policy'::regclass
      and p.oid = d.objid
    union all
    select
        'view',
        pg_describe_object(d.classid, d.objid, 0),
        false,
        case v.relkind when 'm' then 'drop materialized view ' else 'drop view ' end || v.oid::regclass,
        null
    from pg_rewrite as r
    join pg_class as v on v.oid = r.ev_class
    where d.classid = 'pg_rewrite'::regclass
      and r.oid = d.objid
    union all
    select 'trigger', format('trigger %I on %s', t.tgname, t.tgrelid::regclass), f.pronamespace = to_regnamespace('vital_private'),
        format('drop trigger %I on %s', t.tgname, t.tgrelid::regclass), pg_get_triggerdef(t.oid)
    from pg_trigger as t
    join pg_proc as f on f.oid = t.tgfoid
    where d.classid = 'pg_trigger'::regclass
      and t.oid = d.objid
      and not t.tgisinternal
    union all
    select 'function', 'function ' || p.oid::regprocedure, false, 'drop function ' || p.oid::regprocedure, null
    from pg_proc as p
    where d.classid = 'pg_proc'::regclass
      and p.oid = d.objid
    union all
    select
        'constraint',
        format('constraint %I on %s', k.conname, k.conrelid::regclass),
        k.conrelid = c.relation
            and (
                (select current_setting('vital.manifest')::jsonb) -> 'constraints' ? format('%s.%I', k.conrelid::regclass, k.conname)
                or (select current_setting('vital.manifest')::jsonb) #> '{earlier,constraints}'
                    ? format('%s.%I', k.conrelid::regclass, k.conname)
            ),
        format('alter table %s drop constraint %I', k.conrelid::regclass, k.conname),
        null
    from pg_constraint as k
    where d.classid = 'pg_constraint'::regclass
      and k.oid = d.objid
      and k.contype in ('c', 'f', 'x', 'u', 'p')
      and (c.changes_kind or k.contype = 'f')
    union all
    select
        'index',
        'index ' || i.indexrelid::regclass,
        (select current_setting('vital.manifest')::jsonb) -> 'indexes' ? i.indexrelid::regclass::text,
        'drop index ' || i.indexrelid::regclass,
        null
    from pg_index as i
    where d.classid = 'pg_class'::regclass
      and i.indexrelid = d.objid
      and i.indrelid = c.relation
      and c.changes_kind
    union all
    select 'generated column', format('generated column %s.%I', g.adrelid::regclass, n.attname), false,
        format('alter table %s drop column %I', g.adrelid::regclass, n.attname), null
    from pg_attrdef as g
    join pg_attribute as n on n.attrelid = g.adrelid and n.attnum = g.adnum
    where d.classid = 'pg_attrdef'::regclass
      and g.oid = d.objid
      and n.attnum <> a.attnum
    union all
    select 'publication', 'publication ' || quote_ident(b.pubname), false,
        format('alter publication %I drop table %s', b.pubname, c.table_name), null
    from pg_publication_rel as r
    join pg_publication as b on b.oid = r.prpubid
    where d.classid = 'pg_publication_rel'::regclass
      and r.oid = d.objid
) as found
where c.live <> c.promised
  and c.misfit is null
