-- Lists the migrations that the database's history holds.
select
    version,
    name,
    applied_on,
    checksum,
    applied_by,
    (extract(epoch from took) * 1000)::int8 as took_ms
from vital_private.refinery_schema_history
order by version
