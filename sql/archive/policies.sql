-- Lists the policies that a run created again, and those that it could not.
-- $1 text, the run
-- Returns: policy_name text, definition text, refusal text
select p.policy_name::text, p.definition, p.refusal
from vital_archive.policies as p
join vital_archive.sets as s on s.id = p.set_id
where s.run::text = $1
order by p.policy_name
