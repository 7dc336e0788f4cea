-- Makes everybody who changes memberships wait for one another.
-- Returns: name text

select l.name
from vital_private.locks as l
where l.name = 'members'
for update
