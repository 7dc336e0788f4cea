-- Tells how much of an archived table was put back.
-- $1 bigint, the set; $2 text, the table
-- Returns: restored_rows bigint
select c.restored_rows
from vital_archive.contents as c
where c.set_id = $1
  and c.source = $2
  and c.restored_at is not null
