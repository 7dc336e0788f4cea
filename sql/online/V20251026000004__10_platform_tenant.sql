-- The platform tenant of migration 4, ahead of it: agents can only be given to a tenant that exists.
-- Kind: transaction

insert into public.tenants (id, name, slug, type, activated_at)
values ('00000000-0000-0000-0000-000000000001', 'VITAL Platform', 'vital-platform', 'platform', now())
on conflict (id) do nothing
