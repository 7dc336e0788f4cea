-- Writes to vital.scope, once for all checks, the oids of the tables whose rows belong to tenants, each with the column that
-- names the tenant; null for the five of the tenancy that have none.

select set_config(
    'vital.scope',
    (
        select coalesce(jsonb_object_agg(c.oid, a.attname), '{}')::text
        from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        left join ({our_tables}) as ours (oid) on ours.oid = c.oid
        left join lateral (
            select t.attname
            from pg_attribute as t
            where t.attrelid = c.oid
              and t.attnum > 0
              and not t.attisdropped
              and t.atttypid in ('uuid'::regtype, 'text'::regtype, 'varchar'::regtype, 'integer'::regtype, 'bigint'::regtype)
              and (
                  t.attname ~ '^(\w+_)?(tenant|organi[sz]ation|org|company|workspace|account)_?(id|uuid|key)$'
                  or (t.attrelid, t.attnum) in (
                      select k.conrelid, unnest(k.conkey)
                      from pg_constraint as k
                      where k.contype = 'f'
                        and k.confrelid = to_regclass('public.tenants')
                  )
              )
            order by t.attname = 'tenant_id' desc, t.attname ~ 'tenant' desc, t.attnum
            limit 1
        ) as a on true
        where c.relkind in ('r', 'p')
          and (ours.oid is not null or a.attname is not null)
          and n.nspname not in ('pg_catalog', 'information_schema', 'vital_private', 'vital_retired', 'vital_archive')
          and n.nspname !~ '^pg_(toast|temp)'
    ),
    true
)
