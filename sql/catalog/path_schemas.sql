-- The schemas in which names are looked up: public, the one for extensions, and those that a search_path of this database or
-- of a role names.
-- Returns: oid

select n.oid
from pg_namespace as n
where n.nspname in ('public', 'extensions')
   or n.nspname in (
       select trim(both '"' from schema.name)
       from pg_db_role_setting as s
       cross join lateral unnest(s.setconfig) as setting (line)
       cross join lateral regexp_split_to_table(substr(setting.line, 13), '\s*,\s*') as schema (name)
       where setting.line like 'search\_path=%'
         and s.setdatabase in (0, (select d.oid from pg_database as d where d.datname = current_database()))
   )
   or n.nspname in (
       select trim(both '"' from schema.name)
       from pg_settings as f
       cross join lateral regexp_split_to_table(f.reset_val, '\s*,\s*') as schema (name)
       where f.name = 'search_path'
   )
