-- The agents as the pending migrations will leave them, as the text of a query.
-- Returns: query text; it returns id uuid, tenant_id uuid, sharing_mode text, shared_with uuid[],
--     is_inactive boolean, narrowed text
--
-- A column that is missing comes with what migration 2 gives to rows that exist; migration 4 gives agents without a tenant
-- to the platform, and where the sharing columns disagree, the narrower reading wins. Null if a column stands in the way.

with columns as (
{columns}
),
named as (
    select
        jsonb_object_agg(
            c.column_name,
            case
                when c.exists and c.condition is not null then format('case when %s then %s end', c.condition, c.using_text)
                when c.exists then c.using_text
            end
        ) as texts,
        bool_and(c.misfit is null) as is_possible
    from columns as c
    where c.table_name = 'public.agents'
)
select format(
    $query$
    select
        a.id,
        coalesce(a.tenant_id, '00000000-0000-0000-0000-000000000001'::uuid) as tenant_id,
        case
            when a.tenant_id is null then 'global'
            when a.is_shared and a.sharing_mode = 'global' then 'global'
            when a.is_shared and a.sharing_mode = 'selective' and cardinality(array_remove(a.shared_with, null)) > 0 then 'selective'
            else 'private'
        end as sharing_mode,
        a.shared_with,
        a.is_inactive,
        -- What was said before, where not all of it can hold.
        case
            when a.tenant_id is not null
                and (a.sharing_mode is distinct from 'private' or a.is_shared is distinct from false)
                and not coalesce(
                    a.is_shared and (a.sharing_mode = 'global' or a.sharing_mode = 'selective' and cardinality(array_remove(a.shared_with, null)) > 0),
                    false
                )
                then format(
                    'is_shared %%s beside sharing_mode %%s',
                    case a.is_shared when true then 'true' when false then 'false' else 'null' end,
                    coalesce(quote_literal(a.sharing_mode), 'null')
                )
        end as narrowed
    from (
        select
            id,
            %s as tenant_id,
            %s as is_shared,
            %s as sharing_mode,
            %s as shared_with,
            %s as is_inactive
        from public.agents
    ) as a
    $query$,
    coalesce(n.texts ->> 'tenant_id', '''00000000-0000-0000-0000-000000000001''::uuid'),
    coalesce(n.texts ->> 'is_shared', 'true'),
    coalesce(n.texts ->> 'sharing_mode', '''global''') || '::text',
    coalesce(n.texts ->> 'shared_with', 'null::uuid[]'),
    case
        when exists (
            select
            from pg_attribute as a
            where a.attrelid = to_regclass('public.agents')
              and a.attname = 'is_active'
              and a.atttypid = 'boolean'::regtype
              and not a.attisdropped
        ) then 'is_active is not true'
        else 'false'
    end
) as query
from named as n
where n.is_possible
