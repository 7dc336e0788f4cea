-- Counts the agents whose tenant columns undoing migration 2 archives.
select count(*)::text as json
from public.agents
where tenant_id is distinct from '00000000-0000-0000-0000-000000000001'
   or is_shared is distinct from true
   or sharing_mode is distinct from 'global'
   or shared_with is not null
   or resource_type is distinct from 'platform'
   or tags is not null
   or category is not null
   or access_count is distinct from 0
   or last_accessed_at is not null
   or created_by_user_id is not null
