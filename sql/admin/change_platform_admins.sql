-- Makes users ($1) platform admins, or no longer ($2), on behalf of a user ($3, may be null).
-- Returns: n bigint, was_admin boolean

select a.n, a.was_admin
from vital_private.change_platform_admins($1::uuid[], $2::boolean, $3::uuid) as a
order by a.n
