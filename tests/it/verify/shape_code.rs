//! The checks that compare functions, triggers and policies with the promise.

use super::{Case, show};
use crate::support::{Database, Template};

#[test]
fn functions_that_differ_are_found() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "alter function vital_private.readable_tenants() reset search_path",
                found: &[("shape-functions", "vital_private.readable_tenants()")],
                cleanup: "",
            },
            Case {
                damage: "alter function vital_private.readable_tenants() volatile parallel unsafe",
                found: &[("shape-functions", "vital_private.readable_tenants()")],
                cleanup: "",
            },
            Case {
                damage: "alter function public.is_platform_admin(uuid) security definer",
                found: &[
                    ("shape-functions", "public.is_platform_admin(uuid)"),
                    ("behaviour-oracle", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "alter function vital_private.writable_tenants() owner to supabase_admin",
                found: &[("shape-functions", "vital_private.writable_tenants()")],
                cleanup: "",
            },
            Case {
                damage: "create or replace function vital_private.readable_tenants() returns uuid[] language sql stable \
                         parallel safe security definer set search_path = pg_catalog, pg_temp \
                         as 'select array(select id from public.tenants)'",
                found: &[
                    ("shape-functions", "vital_private.readable_tenants()"),
                    ("behaviour-forged-context", "*"),
                    ("behaviour-leftover-context", "*"),
                    ("behaviour-own-insert", "*"),
                    ("behaviour-visibility", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "drop function public.get_user_tenants(uuid)",
                found: &[("shape-functions", "public.get_user_tenants(uuid)")],
                cleanup: "",
            },
            Case {
                damage: "set role postgres; drop function public.get_tenant_by_slug(varchar); \
                         create function public.get_tenant_by_slug(p_slug varchar) returns public.tenants language sql \
                         stable parallel safe set search_path = pg_catalog, pg_temp \
                         as 'select * from public.tenants where slug = p_slug'; \
                         revoke all on function public.get_tenant_by_slug(varchar) from public, anon",
                found: &[
                    (
                        "shape-comments",
                        "function public.get_tenant_by_slug(character varying)",
                    ),
                    ("shape-functions", "public.get_tenant_by_slug(character varying)"),
                ],
                cleanup: "",
            },
            Case {
                damage: "create function public.set_tenant_context(p_tenant text) returns void language plpgsql \
                         as 'begin perform set_config(''app.tenant_id'', p_tenant, false); end'; \
                         revoke all on function public.set_tenant_context(text) from public, anon, authenticated, service_role, postgres",
                found: &[("shape-functions", "public.set_tenant_context(text)")],
                cleanup: "",
            },
            Case {
                damage: "comment on function public.is_platform_admin(uuid) is 'open to all'; \
                         comment on column public.agents.tags is null",
                found: &[
                    ("shape-comments", "column public.agents.tags"),
                    ("shape-comments", "function public.is_platform_admin(uuid)"),
                ],
                cleanup: "",
            },
        ],
    );
}

#[test]
fn triggers_and_policies_that_differ_are_found() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "drop trigger agents_20_check_recipients_insert on public.agents",
                found: &[(
                    "shape-triggers",
                    "public.agents.agents_20_check_recipients_insert",
                )],
                cleanup: "",
            },
            Case {
                damage: "drop trigger agents_30_audit_delete on public.agents; \
                         create trigger agents_30_audit_delete after delete on public.agents for each row \
                         when (false) execute function vital_private.audit_agent()",
                found: &[("shape-triggers", "public.agents.agents_30_audit_delete")],
                cleanup: "",
            },
            Case {
                damage: "drop policy agents_select_with_sharing on public.agents",
                found: &[
                    ("shape-policies", "public.agents.agents_select_with_sharing"),
                    ("behaviour-own-insert", "*"),
                    ("behaviour-sharing-audit", "*"),
                    ("behaviour-visibility", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "alter policy tenants_select_member on public.tenants to authenticated, service_role",
                found: &[("shape-policies", "public.tenants.tenants_select_member")],
                cleanup: "",
            },
            Case {
                damage: "alter policy agents_update_own_tenant on public.agents with check (true)",
                found: &[("shape-policies", "public.agents.agents_update_own_tenant")],
                cleanup: "",
            },
            Case {
                damage: "alter policy user_tenants_select_own on public.user_tenants using (true)",
                found: &[
                    ("shape-policies", "public.user_tenants.user_tenants_select_own"),
                    ("behaviour-directory", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "create policy narrow on public.agents as restrictive for select to authenticated \
                         using (name is not null)",
                found: &[],
                cleanup: "drop policy narrow on public.agents",
            },
        ],
    );
}
