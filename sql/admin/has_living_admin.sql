-- Whether anybody is a platform admin who has an account; where there is no auth.users, everybody has.
-- Returns: has boolean

select exists (
    select
    from public.user_roles as r
    where r.role = 'platform_admin'
      and r.tenant_id is null
      and vital_private.has_account(r.user_id)
) as has
