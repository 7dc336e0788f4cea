-- id: seeds
-- level: error
-- title: A tenant that the migrations seeded is missing or is something else
-- explanation: Functions refer to the platform tenant by its id, and to Digital Health Startup by the id that
--   vital_private.seeded_tenants keeps, whatever its slug is by now.
-- fix: Set the attributes back, or create the tenant with `vital seed`.
-- requires: vital_private.seeded_tenants

select
    'seeds' as check_id,
    case s.slug when 'vital-platform' then 'error' else 'warning' end as level,
    format('tenant %s', s.slug) as object,
    concat_ws(', ', 'id ' || s.id, 'type ' || s.type) as expected,
    case
        when t.id is null and other.id is not null then format('%s is another row, with id %s and slug %s', s.name, other.id, other.slug)
        when t.id is null then 'absent'
        else format('id %s, type %s, slug %s', t.id, t.type, t.slug)
    end as actual,
    null as explanation,
    case
        when t.id is not null then format(
            E'-- review: the row may be somebody else''s\nupdate public.tenants set slug = %L, type = %L where id = %L;',
            s.slug,
            s.type,
            t.id
        )
        when s.slug = 'vital-platform' then format(
            E'-- review: without it functions fail\ninsert into public.tenants (id, name, slug, type) values (%L, %L, %L, %L);',
            s.id,
            s.name,
            s.slug,
            s.type
        )
        when other.id is not null then format(
            E'-- review: it becomes the one that functions refer to\n'
            'delete from vital_private.seeded_tenants where name = %L;\n'
            'insert into vital_private.seeded_tenants (name, tenant_id) values (%L, %L);',
            s.slug,
            s.slug,
            other.id
        )
        else concat_ws(
            E'\n',
            '-- review: without it functions fail',
            format(
                'insert into public.tenants (name, slug, type) values (%L, %L, %L);',
                s.name,
                s.slug,
                s.type
            ),
            format('delete from vital_private.seeded_tenants where name = %L;', s.slug),
            format(
                'insert into vital_private.seeded_tenants (name, tenant_id) select slug, id from public.tenants where slug = %L;',
                s.slug
            )
        )
    end as fix
from (
    select
        '00000000-0000-0000-0000-000000000001'::uuid as id,
        'VITAL Platform' as name,
        'vital-platform' as slug,
        'platform' as type
    union all
    select
        (
            select k.tenant_id
            from vital_private.seeded_tenants as k
            where k.name = 'digital-health-startup'
        ),
        'Digital Health Startup',
        'digital-health-startup',
        'industry'
) as s
left join public.tenants as t on t.id = s.id
-- What was made again, or under another slug, is not seeded a second time.
left join lateral (
    select o.id, o.slug
    from public.tenants as o
    where s.slug <> 'vital-platform'
      and t.id is null
      and o.type <> 'platform'
      and (o.slug = s.slug or lower(o.name) = lower(s.name))
    order by o.slug = s.slug desc, o.created_at
    limit 1
) as other on true
where t.id is null
   or (s.slug = 'vital-platform' and (t.slug <> s.slug or t.type <> s.type))
   or t.type = 'platform' and s.slug <> 'vital-platform'
