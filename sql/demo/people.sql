-- The people of the tour: a platform admin, a team in Digital Health Startup, and a second tenant with an agent of its own
-- that it shares with the first, and one that it keeps to itself.

insert into public.tenants (id, name, slug, type, activated_at)
values ('2f1a3c58-6b0d-4e7f-9a84-51c0de7b3e26', 'Meridian Pharma', 'meridian-pharma', 'client', now());

select public.grant_platform_admin('a0000000-0000-4000-8000-000000000001');
select public.assign_user_to_dh_startup('a0000000-0000-4000-8000-000000000003', 'owner');
select public.assign_user_to_dh_startup('a0000000-0000-4000-8000-000000000005', 'member');
select vital_private.assign_member(
    'a0000000-0000-4000-8000-000000000010', '2f1a3c58-6b0d-4e7f-9a84-51c0de7b3e26', 'owner'
);

insert into public.agents (name, slug, tenant_id)
values ('Trial Recruitment Planner', 'trial-recruitment-planner', (
    select t.id
    from public.tenants as t
    where t.slug = 'digital-health-startup'
));

insert into public.agents (name, slug, tenant_id, is_shared, sharing_mode, shared_with)
values (
    'Compound Pipeline Analyst',
    'compound-pipeline-analyst',
    '2f1a3c58-6b0d-4e7f-9a84-51c0de7b3e26',
    false,
    'private',
    null
), (
    'Adverse Event Triage',
    'adverse-event-triage',
    '2f1a3c58-6b0d-4e7f-9a84-51c0de7b3e26',
    true,
    'selective',
    array[(select t.id from public.tenants as t where t.slug = 'digital-health-startup')]
)
