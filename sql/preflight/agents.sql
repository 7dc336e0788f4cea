-- What agents, and what surrounds it and the tenancy's tables that exist already, must be like for the migrations to run.
-- Returns: version bigint, object text, fact text, remedy text; a null version is that of the first pending migration

with agents as (
    select
        c.oid,
        c.relispartition,
        c.reloftype,
        (select a.attnum from pg_attribute as a where a.attrelid = c.oid and a.attname = 'id' and not a.attisdropped) as id
    from pg_class as c
    where c.oid = to_regclass('public.agents')
      and c.relkind = 'r'
),
tables as (
    select c.oid, c.oid::regclass::text as name, c.relpersistence, c.relispartition, c.relrowsecurity, (e.value ->> 'since')::bigint as version
    from jsonb_each((select current_setting('vital.manifest')::jsonb) -> 'tables') as e
    join pg_class as c on c.oid = to_regclass(e.key) and c.relkind = 'r'
)
select
    t.version,
    'table ' || t.name as object,
    'is a partition of ' || i.inhparent::regclass as fact,
    format('alter table %s detach partition %s', i.inhparent::regclass, t.name) as remedy
from tables as t
join pg_inherits as i on i.inhrelid = t.oid
where t.relispartition
union all
select t.version, 'table ' || t.name, 'inherits from ' || i.inhparent::regclass, format('alter table %s no inherit %s', t.name, i.inhparent::regclass)
from tables as t
join pg_inherits as i on i.inhrelid = t.oid
where not t.relispartition
union all
select
    t.version,
    'table ' || i.inhrelid::regclass,
    format('inherits from %s, whose policies and indexes it would not have', t.name),
    format('alter table %s no inherit %s', i.inhrelid::regclass, t.name)
from tables as t
join pg_inherits as i on i.inhparent = t.oid
union all
select null, 'table public.agents', 'is of type ' || a.reloftype::regtype || ', which has no room for columns', 'alter table public.agents not of'
from agents as a
where a.reloftype <> 0
union all
select t.version, 'table ' || t.name, 'is unlogged, and would be empty after a crash', format('alter table %s set logged', t.name)
from tables as t
where t.relpersistence = 'u'
union all
select
    null,
    'table public.agents',
    case
        when key.conname is null then 'has no primary key'
        else format('has primary key %I on other columns than id', key.conname)
    end,
    case
        when key.conname is null then 'alter table public.agents add primary key (id)'
        else 'alter table public.agents add unique (id), alter column id set not null'
    end
from agents as a
left join pg_constraint as key on key.conrelid = a.oid and key.contype = 'p'
where not exists (
    select
    from pg_index as i
    join pg_attribute as c on c.attrelid = a.oid and c.attnum = a.id
    where i.indrelid = a.oid
      and i.indisunique
      and i.indisvalid
      and i.indimmediate
      and i.indpred is null
      and i.indnkeyatts = 1
      and i.indkey[0] = a.id
      and c.attnotnull
)
  and a.id is not null
union all
select
    null,
    'column public.agents.' || c.attname,
    format('is %s, which cannot be %s', format_type(c.atttypid, c.atttypmod), w.purpose),
    format('alter table public.agents alter column %I type %s', c.attname, w.type)
from agents as a
join pg_attribute as c on c.attrelid = a.oid and not c.attisdropped
join pg_type as t on t.oid = c.atttypid
join (
    values ('name', 'S', 'text', 'recorded as a name'), ('created_at', 'D', 'timestamp with time zone', 'a moment to sort by')
) as w (column_name, category, type, purpose) on w.column_name = c.attname
where t.typcategory <> w.category
union all
select
    t.version,
    format('rule %I on %s', r.rulename, t.name),
    'rewrites what is written to the table, or who reads it: ' || regexp_replace(pg_get_ruledef(r.oid), '\s+', ' ', 'g'),
    format('drop rule %I on %s', r.rulename, t.name)
from tables as t
join pg_rewrite as r on r.ev_class = t.oid
union all
select
    t.version,
    'column ' || c.attrelid::regclass || '.' || quote_ident(c.attname),
    format('is of the row type of %s, whose columns cannot change meanwhile', t.name),
    format('alter table %s drop column %I', c.attrelid::regclass, c.attname)
from tables as t
join pg_type as y on y.typrelid = t.oid
join pg_attribute as c on c.atttypid in (y.oid, y.typarray) and not c.attisdropped and c.attnum > 0
join pg_class as r on r.oid = c.attrelid and r.relkind in ('r', 'p', 'm')
where t.oid <> c.attrelid
union all
-- A publication must tell its subscribers which row was changed, or the change is refused.
select
    t.version,
    format('publication %I', p.pubname),
    format('has a condition or a list of columns for %s that its replica identity does not fit, so no row of it can be changed', t.name),
    format('alter table %s replica identity full, or alter publication %I drop table %s', t.name, p.pubname, t.name)
from tables as t
join pg_class as c on c.oid = t.oid
join pg_publication_rel as r on r.prrelid = t.oid
join pg_publication as p on p.oid = r.prpubid
cross join lateral (
    select coalesce(array_agg(k.attnum), '{}') as columns
    from pg_index as i
    cross join unnest(i.indkey) as k (attnum)
    where i.indrelid = t.oid
      and case c.relreplident when 'd' then i.indisprimary when 'i' then i.indisreplident else false end
) as identity
-- Up to PostgreSQL 14 there is neither.
cross join lateral (
    select
        to_jsonb(r) ->> 'prqual' as condition,
        case
            when jsonb_typeof(to_jsonb(r) -> 'prattrs') = 'array'
                then array(select jsonb_array_elements_text(to_jsonb(r) -> 'prattrs')::smallint)
        end as listed,
        array(
            select d.refobjsubid::smallint
            from pg_depend as d
            where d.classid = 'pg_publication_rel'::regclass
              and d.objid = r.oid
              and d.refclassid = 'pg_class'::regclass
              and d.refobjid = t.oid
              and d.refobjsubid > 0
        ) as used
) as published
where (p.pubupdate or p.pubdelete)
  and (
      published.condition is not null
      and c.relreplident <> 'f'
      and not published.used <@ (identity.columns || coalesce(published.listed, '{}'))
      or published.listed is not null
      and (c.relreplident = 'f' or not identity.columns <@ published.listed)
  )
union all
select
    e.version,
    'table ' || t.name,
    format('belongs to "%s", and what the migrations create would belong to "%s"', pg_get_userbyid(c.relowner), current_user),
    format('alter table %s owner to %I', t.name, current_user)
from tables as t
join pg_class as c on c.oid = t.oid
cross join lateral (select t.version) as e
where t.version is not null
  and c.relowner <> (select r.oid from pg_roles as r where r.rolname = current_user)
  and pg_has_role(c.relowner, 'usage')
union all
select
    t.version,
    format('column %s.%I', t.name, c.attname),
    'is not null, has no default, and is not the tenancy''s, which would leave it empty',
    format('alter table %s alter column %I drop not null', t.name, c.attname)
from tables as t
join pg_attribute as c on c.attrelid = t.oid and c.attnum > 0 and not c.attisdropped
where t.version is not null
  and c.attnotnull
  and not c.atthasdef
  and c.attidentity = ''
  and not (select current_setting('vital.manifest')::jsonb) -> 'columns' ? format('%s.%I', t.name, c.attname)
  -- A table of another application is told as such.
  and not exists (
      select
      from jsonb_each((select current_setting('vital.manifest')::jsonb) -> 'columns') as e
      where e.value ->> 'table' = t.name
        and (e.value ->> 'not_null')::boolean
        and not e.value ? 'default'
        and not exists (
            select
            from pg_attribute as p
            where p.attrelid = t.oid
              and not p.attisdropped
              and format('%s.%I', t.name, p.attname) = e.key
        )
  )
union all
select
    null,
    'schema ' || quote_ident(n.nspname),
    format('belongs to "%s", and what the migrations create would belong to "%s"', pg_get_userbyid(n.nspowner), current_user),
    format('connect as %s, or alter schema %I owner to %I', quote_ident(pg_get_userbyid(n.nspowner)), n.nspname, current_user)
from pg_namespace as n
where n.nspname in ('vital_private', 'vital_retired')
  and n.nspowner <> (select r.oid from pg_roles as r where r.rolname = current_user)
union all
select
    null,
    'function ' || p.oid::regprocedure,
    case
        when p.prorettype <> 'uuid'::regtype then format('returns %s, not uuid', p.prorettype::regtype)
        else 'may not be called by authenticated, for whom the policies ask it'
    end,
    case
        when p.prorettype <> 'uuid'::regtype then 'drop it; `vital bootstrap` creates it as it is on Supabase'
        else 'grant usage on schema auth to authenticated; grant execute on function auth.uid() to authenticated'
    end
from pg_proc as p
join pg_namespace as n on n.oid = p.pronamespace
join pg_roles as r on r.rolname = 'authenticated'
where n.nspname = 'auth'
  and p.proname = 'uid'
  and p.pronargs = 0
  and not (
      p.prorettype = 'uuid'::regtype
      and has_schema_privilege(r.oid, n.oid, 'usage')
      and has_function_privilege(r.oid, p.oid, 'execute')
  )
