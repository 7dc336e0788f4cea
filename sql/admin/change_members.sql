-- Brings users ($1) in tenants ($2) to roles ($3; null keeps the role) and statuses ($4).
-- Returns: changed bigint

select count(*) as changed
from vital_private.change_members($1::uuid[], $2::uuid[], $3::varchar[], $4::varchar[]) as m
