-- id: unique-across-tenants
-- level: warning
-- title: A value is unique across tenants
-- explanation: "duplicate key" tells a user that another tenant uses the value, and whoever takes one first keeps every other
--   tenant from it. Unique within the tenant, it does neither.
-- fix: Build the index for each tenant as shown, then drop the other one; foreign keys that refer to it have to go first.

with scope as materialized (
{scope}
)
select
    'unique-across-tenants' as check_id,
    'warning' as level,
    u.index_name as object,
    'unique within a tenant' as expected,
    format('%s is unique across tenants', u.columns) as actual,
    null as explanation,
    format(
        E'-- review: run each statement on its own\ncreate unique index concurrently on %s (%s, %s)%s;\n%s;',
        u.name,
        quote_ident(u.tenant_column),
        u.columns,
        u.predicate,
        case
            when u.constraint_name is null then format('drop index concurrently %s', u.index_name)
            else format('alter table %s drop constraint %s', u.name, quote_ident(u.constraint_name))
        end
    ) as fix
from (
    select
        s.name,
        s.tenant_column,
        i.indexrelid::regclass::text as index_name,
        k.conname as constraint_name,
        (
            select string_agg(pg_get_indexdef(i.indexrelid, g.n, true), ', ' order by g.n)
            from generate_series(1, i.indnkeyatts) as g (n)
        ) as columns,
        coalesce(' where ' || pg_get_expr(i.indpred, i.indrelid), '') as predicate
    from scope as s
    join pg_index as i on i.indrelid = s.oid and i.indisunique and not i.indisprimary
    left join pg_constraint as k on k.conindid = i.indexrelid and k.contype = 'u'
    where (not s.is_ours or s.oid = to_regclass('public.agents'))
      and s.tenant_column is not null
      and exists (
          select
          from pg_attribute as a
          where a.attrelid = s.oid
            and a.attnum = any (i.indkey)
            and a.attidentity <> 'a'
            and (
                has_column_privilege('authenticated', s.oid, a.attnum, 'INSERT')
                or has_column_privilege('authenticated', s.oid, a.attnum, 'UPDATE')
            )
      )
      and not exists (
          select
          from pg_attribute as a
          where a.attrelid = s.oid
            and a.attnum = any (i.indkey)
            and (
                a.attname = s.tenant_column
                -- What nobody can guess, or nobody chooses, tells nothing.
                or a.atttypid = 'uuid'::regtype
                or a.attidentity = 'a'
            )
      )
) as u
