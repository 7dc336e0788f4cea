-- What speaks against accounts ($1) of auth.users: one that nobody confirmed, that is deleted, or banned. The columns are
-- Supabase's, and may be missing elsewhere.
-- Returns: id uuid, problem text

select a.id, a.problem
from (
    select
        u.id,
        case
            when d.facts ->> 'deleted_at' is not null then 'is deleted'
            when (d.facts ->> 'banned_until')::timestamptz > now() then 'is banned'
            when d.facts ? 'email_confirmed_at'
                and coalesce(
                    d.facts ->> 'email_confirmed_at',
                    d.facts ->> 'phone_confirmed_at',
                    d.facts ->> 'confirmed_at'
                ) is null then 'was never confirmed'
        end as problem
    from auth.users as u
    cross join lateral (select to_jsonb(u)) as d (facts)
    where u.id = any ($1::uuid[])
) as a
where a.problem is not null
order by a.id
