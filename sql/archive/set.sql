-- Lists what a run archived.
-- $1 text, the run
-- Returns: set_id bigint, version bigint, source text, archive_table text, row_count bigint
select
    c.set_id,
    c.version,
    c.source,
    'vital_archive.' || c.archive_table as archive_table,
    c.row_count
from vital_archive.contents as c
join vital_archive.sets as s on s.id = c.set_id
where s.run::text = $1
order by c.id
