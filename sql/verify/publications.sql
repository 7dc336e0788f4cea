-- id: publications
-- level: warning
-- title: A table with tenants' rows is published
-- explanation: A publication sends the rows of every tenant to its subscribers; row security is not applied to them.
-- fix: Take the table out of the publication, or note an exception if all its subscribers may see everything.

select
    'publications' as check_id,
    'warning' as level,
    format('publication %I', p.pubname) as object,
    'no table of tenants' as expected,
    'publishes ' || string_agg(s.name, ', ' order by s.name) as actual,
    null as explanation,
    case
        when b.puballtables then format(E'-- review: it publishes all tables, which cannot leave it one by one\ndrop publication %I;', p.pubname)
        else format(
            E'-- review: its subscribers lose them\nalter publication %I drop table %s;',
            p.pubname,
            string_agg(s.name, ', ' order by s.name)
        )
    end as fix
from pg_publication_tables as p
join pg_publication as b on b.pubname = p.pubname
join (
{scope}
) as s on s.oid = to_regclass(format('%I.%I', p.schemaname, p.tablename))
group by p.pubname, b.puballtables
