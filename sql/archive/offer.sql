-- Lists what the newest archive holds of each migration and has not given back yet.
-- Returns: set_id, version, source, row_count, begun_at
select
    c.set_id,
    c.version,
    c.source,
    c.row_count,
    to_char(s.begun_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as begun_at
from vital_archive.contents as c
join vital_archive.sets as s on s.id = c.set_id
where c.set_id = (select max(n.set_id) from vital_archive.contents as n where n.version = c.version)
  and c.restored_at is null
order by c.version, c.id
