-- How many entries of the audit each stretch of time has; a stretch is chosen so that there are at most about 60.
-- Params: agent uuid, tenant uuid, user uuid, since timestamptz, until timestamptz, each null for all
-- Returns: at timestamptz, seconds bigint, gained bigint, lost bigint, modified bigint

with entry as materialized (
    select e.created_at, e.action
    from public.resource_sharing_audit as e
    where ($1::uuid is null or e.resource_id = $1::uuid)
      and (
          $2::uuid is null
          or e.owner_tenant_id = $2::uuid
          or e.affected_tenant_id = $2::uuid
          or e.previous_shared_with @> array[$2::uuid]
          or e.new_shared_with @> array[$2::uuid]
      )
      and (
          $3::uuid is null
          or e.performed_by_user_id = $3::uuid
          or (
              e.affected_tenant_id is not null
              and exists (
                  select
                  from public.resource_sharing_audit as c
                  where c.resource_id = e.resource_id
                    and c.created_at = e.created_at
                    and c.affected_tenant_id is null
                    and c.performed_by_user_id = $3::uuid
              )
          )
      )
      and ($4::timestamptz is null or e.created_at >= $4::timestamptz)
      and ($5::timestamptz is null or e.created_at < $5::timestamptz)
),
span as (
    select
        min(e.created_at) as first,
        max(e.created_at) as last,
        extract(epoch from max(e.created_at) - min(e.created_at)) as length
    from entry as e
),
width as (
    select
        s.*,
        (
            select coalesce(min(w.seconds), 2592000 * ceil(s.length / 2592000 / 60))::bigint
            from unnest(array[1, 10, 60, 600, 3600, 21600, 86400, 604800, 2592000]) as w (seconds)
            where w.seconds * 60 >= s.length
        ) as seconds
    from span as s
    where s.first is not null
),
stretch as (
    select
        to_timestamp(floor(extract(epoch from w.first) / w.seconds) * w.seconds + n * w.seconds) as at,
        w.seconds
    from width as w
    cross join lateral generate_series(
        0,
        (floor(extract(epoch from w.last) / w.seconds) - floor(extract(epoch from w.first) / w.seconds))::bigint
    ) as n
)
select
    s.at,
    s.seconds,
    count(e.action) filter (where e.action in ('shared', 'access_granted')) as gained,
    count(e.action) filter (where e.action in ('unshared', 'access_revoked')) as lost,
    count(e.action) filter (where e.action = 'modified') as modified
from stretch as s
left join entry as e
    on e.created_at >= s.at
    and e.created_at < s.at + s.seconds * interval '1 second'
group by s.at, s.seconds
order by s.at
