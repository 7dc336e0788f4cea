-- id: behaviour-hidden-references
-- level: warning
-- title: A user may refer to an agent that they cannot see
-- explanation: A foreign key looks past row security: it takes the id of a hidden agent and refuses one that does not exist,
--   which tells a user what other tenants have. Where it cascades, an error, who deletes the agent deletes rows of other
--   tenants with it.
-- fix: Let the policies of the table that refers ask for an agent that its user sees; let deleting set null, or restrict it.
-- actors: prober
-- expects: answer

{references}

-- look

select
    'behaviour-hidden-references' as check_id,
    case when r.cascades then 'error' else 'warning' end as level,
    format('%s.%I', r.name, r.column_name) as object,
    'an agent that the user sees' as expected,
    'as member: a private agent of another tenant is accepted'
    || case when r.cascades then ', and takes the row with it when it is deleted' else '' end as actual,
    null as explanation,
    (
        select string_agg(
            format(
                E'-- review: keep what else it has to say\nalter policy %I on %s with check ((%s) and (%I is null or exists (select from public.agents as a where a.id = %I)));',
                p.polname,
                r.name,
                coalesce(pg_get_expr(p.polwithcheck, p.polrelid), pg_get_expr(p.polqual, p.polrelid), 'true'),
                r.column_name,
                r.column_name
            ),
            E'\n'
            order by p.polname
        )
        from pg_policy as p
        where p.polrelid = r.name::regclass
          and p.polpermissive
          and p.polcmd in ('a', '*')
    ) as fix
from jsonb_to_recordset(current_setting('vital.referred')::jsonb) as f ("table" text, "column" text, cascades boolean)
cross join lateral (select f."table" as name, f."column" as column_name, f.cascades) as r
