-- The newest entries of the admin audit ($6 at most): of a tenant ($1) or user ($2), at or after $3, before $4, and of
-- actions that contain $5. Null leaves a filter out. Before and after are documents as text, of a megabyte at most.
-- Returns: id bigint, recorded_at timestamptz, action text, tenant_id uuid, tenant text, user_id uuid, before text,
--          after text, database_role text, api_user_id uuid, os_user text, host text, command text,
--          application_name text, client_address text

select
    a.id,
    a.recorded_at,
    a.action,
    a.tenant_id,
    coalesce(
        t.slug::text,
        case when a.table_name = 'tenants' then coalesce(a.before ->> 'slug', a.after ->> 'slug') end
    ) as tenant,
    a.user_id,
    case when pg_column_size(a.before #> '{}') <= 1048576 then a.before::text end as before,
    case when pg_column_size(a.after #> '{}') <= 1048576 then a.after::text end as after,
    a.database_role,
    a.api_user_id,
    a.os_user,
    a.host,
    a.command,
    a.application_name,
    host(a.client_address) as client_address
from vital_private.admin_audit as a
left join public.tenants as t on t.id = a.tenant_id
where ($1::uuid is null or a.tenant_id = $1)
  and ($2::uuid is null or a.user_id = $2)
  and ($3::timestamptz is null or a.recorded_at >= $3)
  and ($4::timestamptz is null or a.recorded_at < $4)
  and ($5::text is null or strpos(a.action, $5) > 0)
order by a.id desc
limit $6::bigint
