//! What VITAL's operators did to the real database is found, each with a fix that mends it.

use super::{Case, show};
use crate::support::{Database, Template};

#[test]
fn what_operators_did_by_hand_is_found_with_usable_fixes() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "create policy \"Allow anon read\" on public.agents for select to anon using (true)",
                found: &[("unknown-policies", "public.agents.\"Allow anon read\"")],
                cleanup: "",
            },
            Case {
                damage: "create policy tenant_isolation_agents on public.agents using ( \
                         nullif(current_setting('app.tenant_id', true), '') is null \
                         or tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)",
                found: &[
                    ("unknown-policies", "public.agents.tenant_isolation_agents"),
                    ("behaviour-forged-context", "*"),
                    ("behaviour-foreign-author", "*"),
                    ("behaviour-foreign-insert", "*"),
                    ("behaviour-foreign-delete", "*"),
                    ("behaviour-foreign-update", "*"),
                    ("behaviour-shared-change", "*"),
                    ("behaviour-visibility", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "alter table public.tenants disable row level security",
                found: &[
                    ("policies-without-rls", "public.tenants"),
                    ("behaviour-context", "*"),
                    ("behaviour-directory", "*"),
                    ("behaviour-oracle", "*"),
                    ("behaviour-tenant-fields", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "create view public.agents_overview as select id, name, tenant_id from public.agents",
                found: &[("bypassing-views", "public.agents_overview")],
                cleanup: "drop view public.agents_overview",
            },
            Case {
                damage: "create or replace function public.set_tenant_context(p_tenant_id uuid) returns void \
                         language plpgsql security definer as \
                         'begin perform set_config(''app.tenant_id'', p_tenant_id::text, false); end'",
                found: &[
                    ("shape-functions", "public.set_tenant_context(uuid)"),
                    ("behaviour-context", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "set session_replication_role = replica; \
                         insert into public.tenants (id, name, slug, type) \
                         values ('22222222-2222-4222-8222-222222222222', 'Left', 'left', 'client'); \
                         update public.agents set sharing_mode = 'selective', \
                         shared_with = '{22222222-2222-4222-8222-222222222222}' where slug like 'claims-%'; \
                         reset session_replication_role; \
                         delete from public.tenants where slug = 'left'",
                found: &[("lost-recipients", "public.agents")],
                cleanup: "",
            },
        ],
    );
}
