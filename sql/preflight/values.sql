-- What the rows of tables that exist already must satisfy, each as a query that finds the rows which do not.
-- Returns: version bigint, object text, fact text, remedy text, query text
--
-- A query returns columns n bigint and sample text, which fact and remedy name as {n} and {sample}.

with columns as (
    select
        c.*,
        -- A value that has no form in the promised type counts once, where that is asked.
        case when c.condition is null then c.using_text else format('case when %s then %s end', c.condition, c.using_text) end as value_text
    from (
{columns}
    ) as c
),
-- Tables that can be brought to their promised form, as far as columns go.
tables as (
    select c.table_name, c.relation
    from columns as c
    group by c.table_name, c.relation
    having bool_and(c.misfit is null)
),
rules as (
    select
        k.version,
        k.table_name,
        k.name,
        k.definition,
        t.relation,
        named.source,
        substring(k.definition from '^CHECK (.*)$') as test,
        substring(k.definition from '^(?:UNIQUE|PRIMARY KEY|CREATE UNIQUE INDEX .* USING btree) \(([^)]*)\)') as keys,
        coalesce(substring(k.definition from ' WHERE (.*)$'), 'true') as predicate,
        substring(k.definition from '^FOREIGN KEY \((\w+)\)') as reference,
        substring(k.definition from ' REFERENCES ([^(]+)\(') as referred,
        named.column_names,
        named.sample
    from (
{constraints}
    ) as k
    join tables as t on t.table_name = k.table_name
    cross join lateral (
        select
            array_agg(c.column_name order by c.column_name) as column_names,
            string_agg(format('%L || coalesce(quote_literal(t.%I), ''null'')', c.column_name || ' ', c.column_name), ' || '', '' || ' order by c.column_name) as sample,
            format(
                '(select %s from %s) as t',
                string_agg(format('%s as %I', c.value_text, c.column_name), ', ' order by c.column_name),
                k.table_name
            ) as source,
            bool_and(c.exists or c.table_name <> 'public.agents') as is_complete
        from columns as c
        where c.table_name = k.table_name
          and k.definition ~ ('\m' || c.column_name || '\M')
    ) as named
    where named.is_complete
      -- These the migrations settle themselves: sharing columns that disagree are narrowed, repeated grants go, and an
      -- admin of the platform bound to a tenant becomes that tenant's.
      and k.name not in ('agents_sharing_check', 'user_roles_platform_admin_check', 'user_roles_tenant_role_check', 'user_roles_user_id_role_key', 'user_roles_user_id_role_tenant_id_key')
      and not exists (
          select
          from pg_constraint as live
          where live.conrelid = t.relation
            and live.conname = k.name
            and live.convalidated
            and {normal:pg_get_constraintdef(live.oid)} = k.normal
      )
)
select
    c.version,
    format('column %s.%I', c.table_name, c.column_name) as object,
    format('is %s and has to become %s, but some values are not %s: {n}, such as {sample}', c.live, c.promised, c.requirement) as fact,
    format('select * from %s where not (%s)', c.table_name, c.condition) as remedy,
    format(
        'select count(*) as n, (array_agg(distinct quote_literal(left(%I::text, 60))))[:3]::text as sample from %s where not (%s)',
        c.column_name,
        c.table_name,
        c.condition
    ) as query
from columns as c
where c.exists
  and c.condition is not null
  and c.misfit is null
union all
select
    c.version,
    format('column %s.%I', c.table_name, c.column_name),
    'has to be filled and is null in some rows: {n}',
    format('update %s set %I = %s where %I is null', c.table_name, c.column_name, coalesce(c.default_text, '...'), c.column_name),
    format('select count(*) as n, null as sample from %s where %I is null', c.table_name, c.column_name)
from columns as c
where c.exists
  and c.not_null
  and not c.is_not_null
  and c.misfit is null
union all
select
    r.version,
    'table ' || r.table_name,
    format('has rows that constraint %I refuses: {n}, such as {sample}', r.name),
    case
        when r.name = 'tenants_slug_check' then
            'update public.tenants set slug = trim(both ''-'' from regexp_replace(lower(slug), ''[^a-z0-9]+'', ''-'', ''g'')) where slug !~ ''^[a-z0-9]+(-[a-z0-9]+)*$'''
        when r.name = 'tenants_platform_check' then
            'update public.tenants set status = ''active'', deleted_at = null where type = ''platform'''
        when cardinality(r.column_names) = 1 and r.test ~ 'ANY \(' then format(
            'update %s set %I = ... where %2$I not in (%s), with one of these',
            r.table_name,
            r.column_names[1],
            (select string_agg(m[1], ', ') from regexp_matches(r.test, '(''[^'']*'')', 'g') as m)
        )
        else format('select * from %s where not %s', r.table_name, r.test)
    end,
    format('select count(*) as n, (array_agg(distinct %s))[:3]::text as sample from %s where not %s', r.sample, r.source, r.test)
from rules as r
where r.test is not null
union all
select
    r.version,
    'table ' || r.table_name,
    case
        when r.name = 'tenants_platform_key' then 'has more than one tenant of type platform: {sample}'
        else format('has values of %s more than once: {n}, such as {sample}', r.keys)
    end,
    case
        when r.name = 'tenants_platform_key' then
            'update public.tenants set type = ''client'' where type = ''platform'' and id <> ''00000000-0000-0000-0000-000000000001'''
        else format('select %s, count(*) from %s group by %1$s having count(*) > 1', r.keys, r.table_name)
    end,
    format(
        'select count(*) as n, (array_agg(distinct %2$s))[:3]::text as sample from (select %1$s from %3$s where %4$s group by %1$s '
        'having count(*) > 1) as t where (%1$s) is not null',
        r.keys,
        case r.name when 'tenants_platform_key' then '(select string_agg(quote_literal(p.slug), '', '') from public.tenants as p where p.type::text = ''platform'')' else r.sample end,
        r.source,
        r.predicate
    )
from rules as r
where r.keys is not null
  and r.name <> 'tenants_platform_key'
   or r.name = 'tenants_platform_key'
union all
select
    r.version,
    'table ' || r.table_name,
    format('has rows whose %s is not in %s: {n}, such as {sample}', r.reference, r.referred),
    format('update %s set %I = null where %2$I not in (select id from %s)', r.table_name, r.reference, r.referred),
    format(
        'select count(*) as n, (array_agg(distinct quote_literal(t.%1$I)))[:3]::text as sample from %2$s '
        'where t.%1$I <> ''00000000-0000-0000-0000-000000000001''%3$s',
        r.reference,
        r.source,
        case when to_regclass(r.referred) is null then '' else format(' and not exists (select from %s as r where r.id::text = t.%I::text)', r.referred, r.reference) end
    )
from rules as r
where r.reference is not null
union all
-- Checks of others on what migration 4 writes: agents without a tenant become the platform's, disagreeing ones private.
select
    20251026000004,
    format('constraint %I on public.agents', k.conname),
    'refuses agents as they become: {n}, such as {sample}',
    format('alter table public.agents drop constraint %I; afterwards, alter table public.agents add constraint %1$I %2$s', k.conname, pg_get_constraintdef(k.oid)),
    format(
        'select count(*) as n, (array_agg(t.id))[:3]::text as sample from (%s) as t where not (%s)',
        written.query,
        pg_get_expr(k.conbin, k.conrelid)
    )
from pg_constraint as k
cross join (
    select
        format(
            'select %s from public.agents as a cross join lateral (select case when a.tenant_id is null or a.is_shared and '
            'a.sharing_mode = ''global'' then ''global'' when a.is_shared and a.sharing_mode = ''selective'' and '
            'cardinality(array_remove(a.shared_with, null)) > 0 then ''selective'' else ''private'' end::varchar as sharing_mode) as b '
            'where a.tenant_id is null or a.is_shared is null or a.sharing_mode is null or a.is_shared <> (a.sharing_mode <> ''private'') '
            'or (a.sharing_mode = ''selective'') <> (coalesce(cardinality(a.shared_with), 0) > 0)',
            string_agg(
                case c.attname
                    when 'tenant_id' then 'coalesce(a.tenant_id, ''00000000-0000-0000-0000-000000000001'') as tenant_id'
                    when 'is_shared' then 'b.sharing_mode <> ''private'' as is_shared'
                    when 'sharing_mode' then 'b.sharing_mode'
                    when 'shared_with' then 'case b.sharing_mode when ''selective'' then a.shared_with end as shared_with'
                    when 'resource_type' then 'case when a.tenant_id is null then ''platform'' else a.resource_type end as resource_type'
                    else 'a.' || quote_ident(c.attname)
                end,
                ', '
                order by c.attnum
            )
        ) as query
    from pg_attribute as c
    where c.attrelid = to_regclass('public.agents')
      and c.attnum > 0
      and not c.attisdropped
) as written
where k.conrelid = to_regclass('public.agents')
  and k.contype = 'c'
  and not (select current_setting('vital.manifest')::jsonb) -> 'constraints' ? format('public.agents.%I', k.conname)
  and k.conkey && array(
      select a.attnum
      from columns as c
      join pg_attribute as a on a.attrelid = c.relation and a.attname = c.column_name
      where c.table_name = 'public.agents'
        and c.column_name in ('tenant_id', 'is_shared', 'sharing_mode', 'shared_with', 'resource_type')
  )
  -- Where a column is missing or changes its type, migration 4 has less to write, or the check something else to say.
  and (
      select count(*)
      from columns as c
      where c.table_name = 'public.agents'
        and c.live = c.promised
        and c.column_name in ('tenant_id', 'is_shared', 'sharing_mode', 'shared_with', 'resource_type')
  ) = 5
union all
-- Sharing columns that disagree are settled, but nobody can say who of too many recipients is dispensable.
select
    r.version,
    'table public.agents',
    format('has agents that are shared with more than %s tenants: {n}, such as {sample}', most.recipients),
    format(
        'share each with fewer, or with every tenant: update public.agents set is_shared = true, sharing_mode = ''global'', '
        'shared_with = null where cardinality(shared_with) > %s',
        most.recipients
    ),
    format(
        'select count(*) as n, (array_agg(t.id))[:3]::text as sample from public.agents as t where (select count(distinct w.id) '
        'from unnest(t.%I::text[]) as w (id)) > %s',
        'shared_with',
        most.recipients
    )
from columns as c
join (
{constraints}
) as r on r.table_name = c.table_name and r.name = 'agents_sharing_check'
cross join lateral (select substring(r.definition from '<= (\d+)')::integer as recipients) as most
where c.table_name = 'public.agents'
  and c.column_name = 'shared_with'
  and c.exists
  and c.misfit is null
  and most.recipients is not null
union all
-- The platform tenant has a fixed id, and its slug is its own.
select
    20251026000004,
    'table public.tenants',
    seed.fact,
    seed.remedy,
    format(
        'select count(*) as n, min(t.id::text || '' '' || t.slug || '' '' || t.type) as sample from public.tenants as t where %s',
        seed.condition
    )
from tables as t
cross join (
    values
        (
            'has a tenant of type platform that is not 00000000-0000-0000-0000-000000000001: {sample}',
            't.type::text = ''platform'' and t.id::text <> ''00000000-0000-0000-0000-000000000001''',
            'update public.tenants set type = ''client'' where id <> ''00000000-0000-0000-0000-000000000001'' and type = ''platform''; its agents stay its own'
        ),
        (
            'has tenant 00000000-0000-0000-0000-000000000001 that is not of type platform: {sample}',
            't.type::text <> ''platform'' and t.id::text = ''00000000-0000-0000-0000-000000000001''',
            'update public.tenants set type = ''platform'' where id = ''00000000-0000-0000-0000-000000000001'''
        ),
        (
            'has another tenant with the slug of the platform''s: {sample}',
            't.slug::text = ''vital-platform'' and t.id::text <> ''00000000-0000-0000-0000-000000000001''',
            'update public.tenants set slug = ... where slug = ''vital-platform'''
        )
) as seed (fact, condition, remedy)
where t.table_name = 'public.tenants'
