-- id: shape-comments
-- level: info
-- title: A comment of the tenancy is missing or says something else
-- explanation: Whoever looks at the schema in another tool reads there what a column or function means.
-- fix: Restore it as shown; `vital verify --fix` does it.
-- mends: comments

select
    'shape-comments' as check_id,
    'info' as level,
    d.object,
    d.promised ->> 'comment' as expected,
    coalesce(d.live ->> 'comment', 'no comment') as actual,
    null as explanation,
    format('comment on %s is %L;', d.object, d.promised ->> 'comment') as fix
from (
{difference:comments}
) as d
where d.state <> 'extra'
  and case split_part(d.object, ' ', 1)
      when 'function' then exists (
          select
          from ({our_functions}) as f (oid)
          where f.oid::regprocedure::text = substr(d.object, 10)
      )
      when 'table' then exists (
          select
          from ({our_tables}) as t (oid)
          where t.oid::regclass::text = substr(d.object, 7)
      )
      when 'schema' then to_regnamespace(substr(d.object, 8)) is not null
      when 'policy' then exists (
          select
          from pg_policy as p
          where format('policy %I on %s', p.polname, p.polrelid::regclass) = d.object
      )
      else exists (
          select
          from pg_attribute as a
          where a.attrelid in ({our_tables})
            and format('column %s.%I', a.attrelid::regclass, a.attname) = d.object
      )
  end
