-- Functions of others that bear a name which a migration needs.
-- Returns: version bigint, object text, fact text, remedy text
--
-- Of the earlier form are functions of these signatures, in a database that has its tables; they are replaced. What has
-- the name and other arguments would be called in place of the tenancy's.

with promised as (
    select
        e.key as signature,
        split_part(split_part(e.key, '(', 1), '.', 1) as schema_name,
        split_part(split_part(e.key, '(', 1), '.', 2) as name,
        rtrim(split_part(e.key, '(', 2), ')') as arguments,
        (e.value ->> 'since')::bigint as version,
        e.value ->> 'body' as body
    from jsonb_each((select current_setting('vital.manifest')::jsonb) -> 'functions') as e
),
earlier as (
    select e.signature
    from jsonb_object_keys((select current_setting('vital.manifest')::jsonb) #> '{earlier,functions}') as e (signature)
    where to_regclass('public.tenants') is not null
),
taken as (
    select
        p.oid,
        p.oid::regprocedure::text as signature,
        p.prosrc,
        p.proowner,
        case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end as kind,
        p.prokind,
        n.nspname,
        p.proname,
        exists (
            select
            from pg_depend as d
            where d.classid = 'pg_proc'::regclass
              and d.objid = p.oid
              and d.deptype = 'e'
        ) as is_of_extension
    from pg_proc as p
    join pg_namespace as n on n.oid = p.pronamespace
    where n.nspname in ('public', 'vital_private')
)
select distinct on (t.oid)
    w.version,
    t.kind || ' ' || t.signature as object,
    case
        when t.is_of_extension then format('belongs to an extension and has the name of a function of the tenancy, %s', w.signature)
        when not is_ours.truth then format('is not the tenancy''s, which needs the name for %s', w.signature)
        else format('belongs to "%s"', pg_get_userbyid(t.proowner))
    end as fact,
    case
        when is_ours.truth then format('alter %s %s owner to %I', t.kind, t.signature, current_user)
        else format('alter %s %s rename to %I', t.kind, t.signature, left(t.proname, 50) || '_other')
    end as remedy
from taken as t
join promised as w on w.schema_name = t.nspname and w.name = t.proname
cross join lateral (
    select
        t.prokind = 'f'
        and not t.is_of_extension
        and (
            t.nspname = 'vital_private'
            or t.prosrc = w.body
            or exists (select from earlier as e where e.signature = t.signature)
        ) as truth
) as is_ours
where case
    -- A procedure is in the way only with the very same arguments, of which there is one.
    when t.prokind = 'p' then t.signature = w.signature
    else not is_ours.truth or not pg_has_role(t.proowner, 'usage')
end
order by t.oid, t.signature = w.signature desc, w.version
