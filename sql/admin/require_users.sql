-- Refuses users ($1) that auth.users does not know, as its owner sees it.
-- Returns: done boolean

select vital_private.require_users($1::uuid[]) is null as done
