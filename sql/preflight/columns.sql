-- The promised columns of tables that exist already, with what brings each to its promised form.
-- Returns: relation oid, table_name text, column_name name, version bigint, promised text, live text, exists boolean,
--     not_null boolean, is_not_null boolean, default_text text, live_default text, using_text text, condition text,
--     requirement text, rewrites boolean, changes_kind boolean, misfit text
--
-- using_text is the value in the promised type, condition what every value must satisfy for that, requirement the same in
-- words. misfit says why no statement can do it. A column that is as promised has neither.

select
    c.oid as relation,
    p.table_name,
    p.column_name,
    p.version,
    p.type as promised,
    live.type as live,
    a.attnum is not null as exists,
    p.not_null,
    coalesce(a.attnotnull, false) as is_not_null,
    p.default_text,
    pg_get_expr(d.adbin, d.adrelid) as live_default,
    format(
        coalesce(way.using_text, '%s'),
        case when a.attnum is null then coalesce(p.default_text, format('null::%s', p.type)) else quote_ident(p.column_name) end
    ) as using_text,
    format(way.condition, quote_ident(p.column_name)) as condition,
    way.requirement,
    coalesce(way.rewrites, false) as rewrites,
    coalesce(way.changes_kind, false) as changes_kind,
    case
        when a.attnum is null and p.not_null and (p.default_text is null or p.column_name = 'id') then 'is missing'
        when a.attnum is not null and live.type <> p.type and way.promised is null then format('is %s, not %s', live.type, p.type)
        when a.attgenerated <> '' then 'is a generated column'
        when a.attidentity <> '' and p.identity is null then 'is an identity column'
        when a.attnotnull and not p.not_null and key.conname is not null
            then format('is not null, being part of the primary key %I', key.conname)
    end as misfit
from (
    select
        e.value ->> 'table' as table_name,
        substr(e.key, length(e.value ->> 'table') + 2)::name as column_name,
        (e.value ->> 'since')::bigint as version,
        e.value ->> 'type' as type,
        (e.value ->> 'not_null')::boolean as not_null,
        e.value ->> 'default' as default_text,
        e.value ->> 'identity' as identity
    from jsonb_each((select current_setting('vital.manifest')::jsonb) -> 'columns') as e
) as p
join pg_namespace as n on n.nspname = split_part(p.table_name, '.', 1)
join pg_class as c on c.relnamespace = n.oid and c.relname = split_part(p.table_name, '.', 2) and c.relkind = 'r'
left join pg_attribute as a on a.attrelid = c.oid and a.attname = p.column_name and a.attnum > 0 and not a.attisdropped
left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
left join pg_type as t on t.oid = a.atttypid
left join pg_constraint as key on key.conrelid = c.oid and key.contype = 'p' and a.attnum = any (key.conkey)
cross join lateral (select format_type(a.atttypid, a.atttypmod) as type) as live
-- The first way that fits. A pattern is matched with the whole type; %s is the column.
left join lateral (
    select w.*
    from (
        values
            (1, '^character varying\(\d+\)$', '^character varying\(\d+\)$', null, 'length(%s) <= {n}', 'at most {n} characters', true, false),
            (2, '^character varying\(\d+\)$', '^(text|character varying)$', '%s::character varying({n})', 'length(%s) <= {n}', 'at most {n} characters', true, false),
            (3, '^character varying\(\d+\)$', '^<enum>$', '%s::text::character varying({n})', 'length(%s::text) <= {n}', 'at most {n} characters', true, true),
            (4, '^text$', '^character varying(\(\d+\))?$', '%s::text', null, null, false, false),
            (5, '^text$', '^<enum>$', '%s::text', null, null, true, true),
            (6, '^uuid$', '^(text|character varying(\(\d+\))?)$', '%s::uuid', '%s ~* ''^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$''', 'a uuid', true, true),
            (
                7, '^uuid\[\]$', '^(text|character varying(\(\d+\))?)\[\]$', '%s::uuid[]',
                'array_to_string(%s, '','', '''') ~* ''^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(,|$))*$''', 'a list of uuids', true, true
            ),
            (8, '^text\[\]$', '^character varying(\(\d+\))?\[\]$', '%s::text[]', null, null, false, false),
            (
                9, '^text\[\]$', '^jsonb$', 'vital_private.text_array(%s)',
                'jsonb_typeof(%1$s) = ''null'' or jsonb_typeof(%1$s) = ''array'' and not jsonb_path_exists(%1$s, ''$[*] ? (@.type() != "string")'')',
                'an array of strings', true, true
            ),
            (10, '^integer$', '^smallint$', '%s::integer', null, null, true, false),
            (11, '^integer$', '^bigint$', '%s::integer', '%s between -2147483648 and 2147483647', 'at most 2147483647', true, false),
            (
                12, '^integer$', '^numeric(\(\d+,\d+\))?$', '%s::integer', '%1$s between -2147483648 and 2147483647 and %1$s = trunc(%1$s)',
                'a whole number of at most 2147483647', true, false
            ),
            (13, '^bigint$', '^(smallint|integer)$', '%s::bigint', null, null, true, false),
            (14, '^timestamp with time zone$', '^timestamp\(\d\) with time zone$', '%s::timestamp with time zone', null, null, false, false),
            (
                15, '^timestamp with time zone$', '^timestamp(\(\d\))? without time zone$',
                format('%%s at time zone %L', (select s.reset_val from pg_settings as s where s.name = 'TimeZone')), null, null, true, true
            ),
            (16, '^jsonb$', '^json$', '%s::jsonb', null, null, true, true),
            (17, '^inet$', '^cidr$', '%s::inet', null, null, true, true)
    ) as w (rank, promised, live, using_text, condition, requirement, rewrites, changes_kind)
    where p.type ~ w.promised
      and case when t.typtype = 'e' then '<enum>' else live.type end ~ w.live
    order by w.rank
    limit 1
) as found on live.type <> p.type
left join lateral (
    select
        found.promised,
        replace(found.using_text, '{n}', size.text) as using_text,
        -- A wider length needs neither a look nor a rewrite.
        case when wider.is_wider then null else replace(found.condition, '{n}', size.text) end as condition,
        replace(found.requirement, '{n}', size.text) as requirement,
        found.rewrites and not wider.is_wider as rewrites,
        found.changes_kind
    from (select coalesce(substring(p.type from '\d+'), '')) as size (text)
    cross join (
        select found.rank = 1 and substring(live.type from '\d+')::integer <= substring(p.type from '\d+')::integer as is_wider
    ) as wider
) as way on found.rank is not null
