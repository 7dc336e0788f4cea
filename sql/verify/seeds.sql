-- id: seeds
-- level: error
-- title: A tenant that the migrations seeded is missing or is something else
-- explanation: Functions refer to the platform tenant by its id and to Digital Health Startup by its slug.
-- fix: Set the attributes back, or create the tenant with `vital seed`.

select
    'seeds' as check_id,
    case s.slug when 'vital-platform' then 'error' else 'warning' end as level,
    format('tenant %s', s.slug) as object,
    concat_ws(', ', 'id ' || s.id, 'type ' || s.type) as expected,
    case
        when t.id is null and other.id is not null then format('%s has the slug %s', s.name, other.slug)
        when t.id is null then 'absent'
        else format('id %s, type %s, slug %s', t.id, t.type, t.slug)
    end as actual,
    null as explanation,
    case
        when t.id is null and other.id is not null then format(
            E'-- review: links and settings may name %s\nupdate public.tenants set slug = %L where id = %L;',
            other.slug,
            s.slug,
            other.id
        )
        when t.id is null then format(
            E'-- review: without it functions fail\ninsert into public.tenants (%sname, slug, type) values (%s%L, %L, %L);',
            case when s.id is null then '' else 'id, ' end,
            coalesce(quote_literal(s.id) || ', ', ''),
            s.name,
            s.slug,
            s.type
        )
        else format(
            E'-- review: the row may be somebody else''s\nupdate public.tenants set slug = %L, type = %L where id = %L;',
            s.slug,
            s.type,
            t.id
        )
    end as fix
from (
    values
        ('00000000-0000-0000-0000-000000000001', 'VITAL Platform', 'vital-platform', 'platform'),
        (null, 'Digital Health Startup', 'digital-health-startup', 'industry')
) as s (id, name, slug, type)
left join public.tenants as t on t.id::text = s.id or (s.id is null and t.slug = s.slug)
-- The seeded tenant under another slug is not seeded a second time.
left join lateral (
    select o.id, o.slug
    from public.tenants as o
    where s.id is null
      and t.id is null
      and lower(o.name) = lower(s.name)
    order by o.created_at
    limit 1
) as other on true
where t.id is null
   or t.slug <> s.slug
   or t.type <> s.type
