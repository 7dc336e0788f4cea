-- Takes back the functions that grant roles and memberships.
--
-- Archives: nothing
-- Removes: functions public.grant_platform_admin, public.assign_user_to_dh_startup, and in vital_private those that change memberships, with their table locks
-- Keeps: the two tenants, which agents, members and the audit refer to by now and which undoing migration 1 archives with the others; the agents' tenants; the constraints stay validated
-- Locks: none on a table

set local client_min_messages = warning;

drop function if exists public.assign_user_to_dh_startup(uuid, varchar);
drop function if exists public.grant_platform_admin(uuid);
drop function if exists vital_private.assign_member(uuid, uuid, varchar);
drop function if exists vital_private.change_platform_admins(uuid[], boolean, uuid);
drop function if exists vital_private.change_members(uuid[], uuid[], varchar[], varchar[]);
drop function if exists vital_private.require_users(uuid[]);
drop table if exists vital_private.locks;
