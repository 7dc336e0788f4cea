//! The checks that look for ways past row security.

use super::{Case, show};
use crate::support::{Database, Template};

/// A table of another's with everything that a table of tenants needs.
const NOTES: &str = "create table public.notes (id uuid primary key, tenant_id uuid references public.tenants (id)); \
    create index on public.notes (tenant_id); \
    revoke all on public.notes from anon, authenticated; \
    alter table public.notes enable row level security; ";
const DROP: &str = "drop table public.notes cascade";

/// [`NOTES`] and a damage to it.
macro_rules! notes {
    ($damage:literal) => {
        concat!(
            "create table public.notes (id uuid primary key, tenant_id uuid references public.tenants (id)); \
             create index notes_tenant on public.notes (tenant_id); \
             revoke all on public.notes from anon, authenticated; \
             alter table public.notes enable row level security; ",
            $damage
        )
    };
}

#[test]
fn a_sound_table_of_another_is_no_finding() {
    let db = Database::create(Template::Migrated);
    let sound = Case {
        damage: NOTES,
        found: &[],
        cleanup: DROP,
    };
    show(&db, &[sound]);
}

#[test]
fn row_security_that_is_off_is_found() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "alter table public.resource_sharing_audit disable row level security",
                found: &[
                    ("policies-without-rls", "public.resource_sharing_audit"),
                    ("behaviour-directory", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: notes!(
                    "alter table public.notes disable row level security; grant select on public.notes to authenticated"
                ),
                found: &[("rls-disabled", "public.notes")],
                cleanup: DROP,
            },
            Case {
                damage: notes!(
                    "alter table public.notes disable row level security; \
                     create policy mine on public.notes using (tenant_id = auth.uid())"
                ),
                found: &[
                    ("policies-without-rls", "public.notes"),
                    ("per-row-policy-calls", "public.notes.mine"),
                ],
                cleanup: DROP,
            },
            Case {
                damage: notes!("alter table public.notes disable row level security"),
                found: &[],
                cleanup: DROP,
            },
        ],
    );
}

#[test]
fn policies_that_open_are_found() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "create policy everything on public.user_roles for insert to authenticated with check (true); \
                         grant insert on public.user_roles to authenticated",
                found: &[
                    ("unknown-policies", "public.user_roles.everything"),
                    ("shape-table-grants", "public.user_roles"),
                    ("behaviour-self-admin", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: notes!(
                    "create policy everything on public.notes for select to authenticated using (true)"
                ),
                found: &[("open-policies", "public.notes.everything")],
                cleanup: DROP,
            },
            Case {
                damage: notes!(
                    "create policy unset on public.notes using (nullif(current_setting('app.tenant_id', true), '') is null \
                     or tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)"
                ),
                found: &[("open-policies", "public.notes.unset")],
                cleanup: DROP,
            },
            Case {
                damage: notes!(
                    "alter table public.notes add column is_active boolean; \
                     create policy active on public.notes for select to authenticated using (is_active)"
                ),
                found: &[("tenant-blind-policies", "public.notes.active")],
                cleanup: DROP,
            },
            Case {
                damage: notes!(
                    "create policy slow on public.notes for select to authenticated \
                     using (tenant_id = any (vital_private.readable_tenants()))"
                ),
                found: &[("per-row-policy-calls", "public.notes.slow")],
                cleanup: DROP,
            },
            Case {
                damage: notes!(
                    "create policy fast on public.notes for select to authenticated \
                     using (tenant_id = any ((select vital_private.readable_tenants())::uuid[]))"
                ),
                found: &[],
                cleanup: DROP,
            },
        ],
    );
}

#[test]
fn views_and_functions_that_bypass_are_found() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "create view public.all_agents as select * from public.agents",
                found: &[("bypassing-views", "public.all_agents")],
                cleanup: "drop view public.all_agents",
            },
            Case {
                damage: "create view vital_private.inner_agents as select * from public.agents; \
                         create view public.outer_agents as select * from vital_private.inner_agents",
                found: &[("bypassing-views", "public.outer_agents")],
                cleanup: "drop view vital_private.inner_agents cascade",
            },
            Case {
                damage: "create view public.mine as select * from public.agents; revoke all on public.mine from anon, authenticated",
                found: &[],
                cleanup: "drop view public.mine",
            },
            Case {
                damage: "create materialized view public.counts as select tenant_id, count(*) from public.agents group by 1",
                found: &[("materialized-views", "public.counts")],
                cleanup: "drop materialized view public.counts",
            },
            Case {
                damage: "create function public.any_agent(p_id uuid) returns text language sql stable security definer \
                         set search_path = pg_catalog, pg_temp as 'select name::text from public.agents where id = p_id'",
                found: &[("definer-functions", "public.any_agent(uuid)")],
                cleanup: "drop function public.any_agent(uuid)",
            },
            Case {
                damage: "create function public.other() returns text language sql stable security definer \
                         set search_path = pg_catalog, pg_temp as 'select ''nothing of the kind''::text'",
                found: &[],
                cleanup: "drop function public.other()",
            },
            Case {
                damage: "create rule copy as on insert to public.agents do also select 1",
                found: &[("rewrite-rules", "public.agents.copy")],
                cleanup: "",
            },
            Case {
                damage: "create foreign data wrapper nowhere; create server nowhere foreign data wrapper nowhere; \
                         create foreign table public.far (tenant_id uuid) server nowhere",
                found: &[("foreign-tables", "public.far")],
                cleanup: "drop foreign data wrapper nowhere cascade",
            },
            Case {
                damage: "create publication everything for table public.agents, public.user_roles",
                found: &[("publications", "publication everything")],
                cleanup: "drop publication everything",
            },
        ],
    );
}

#[test]
fn grants_that_open_are_found() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "grant select on public.agents to anon",
                found: &[("anon-grants", "table public.agents")],
                cleanup: "",
            },
            Case {
                damage: "grant select (name) on public.tenants to public",
                found: &[("anon-grants", "table public.tenants")],
                cleanup: "",
            },
            Case {
                damage: "grant execute on function public.is_platform_admin(uuid) to public",
                found: &[("anon-grants", "function public.is_platform_admin(uuid)")],
                cleanup: "",
            },
            Case {
                damage: "grant usage on schema vital_private to anon",
                found: &[("anon-grants", "schema vital_private")],
                cleanup: "",
            },
            Case {
                damage: notes!("grant select on public.notes to anon"),
                found: &[("anon-grants", "table public.notes")],
                cleanup: DROP,
            },
            Case {
                damage: notes!("grant truncate on public.notes to authenticated"),
                found: &[("unbound-grants", "public.notes")],
                cleanup: DROP,
            },
        ],
    );
}

#[test]
fn what_keeps_order_is_found_when_it_is_off() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "alter table public.agents disable trigger agents_10_guard",
                found: &[
                    ("disabled-triggers", "public.agents.agents_10_guard"),
                    ("behaviour-global-sharing", "*"),
                    ("behaviour-own-insert", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "alter table public.agents disable trigger agents_30_audit_update",
                found: &[
                    ("disabled-triggers", "public.agents.agents_30_audit_update"),
                    ("behaviour-sharing-audit", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "do $$ begin execute (select format('alter table public.user_roles disable trigger %I', tgname) \
                         from pg_trigger where tgrelid = 'public.user_roles'::regclass and tgisinternal limit 1); end $$",
                found: &[("disabled-triggers", "public.user_roles.user_roles_tenant_id_fkey")],
                cleanup: "",
            },
            Case {
                damage: "update pg_index set indisvalid = false where indexrelid = 'public.idx_agents_created_at'::regclass",
                found: &[("invalid-indexes", "public.idx_agents_created_at")],
                cleanup: "",
            },
            Case {
                damage: notes!("drop index public.notes_tenant"),
                found: &[("missing-indexes", "public.notes")],
                cleanup: DROP,
            },
            Case {
                damage: notes!("alter table public.notes drop constraint notes_tenant_id_fkey"),
                found: &[("unlinked-tenant-columns", "public.notes")],
                cleanup: DROP,
            },
        ],
    );
}
