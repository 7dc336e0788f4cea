//! The checks that compare with the promise.

use super::{Case, show};
use crate::support::{Database, Template};

#[test]
fn schemas_tables_and_columns_that_differ_are_found() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "grant create on schema vital_private to authenticated",
                found: &[("shape-schemas", "vital_private")],
                cleanup: "",
            },
            Case {
                damage: "revoke usage on schema vital_private from authenticated",
                found: &[
                    ("shape-schemas", "vital_private"),
                    ("behaviour-own-insert", "*"),
                    ("behaviour-sharing-audit", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "alter table public.user_roles force row level security",
                found: &[("shape-tables", "public.user_roles")],
                cleanup: "",
            },
            Case {
                damage: "alter table public.user_roles owner to supabase_admin",
                found: &[("shape-tables", "public.user_roles")],
                cleanup: "",
            },
            Case {
                damage: "alter table public.agents alter column sharing_mode set default 'global'",
                found: &[
                    ("shape-columns", "public.agents.sharing_mode"),
                    ("behaviour-own-insert", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "alter table public.tenants alter column slug drop not null",
                found: &[("shape-columns", "public.tenants.slug")],
                cleanup: "",
            },
            Case {
                damage: "alter table public.tenants alter column industry type text",
                found: &[("shape-columns", "public.tenants.industry")],
                cleanup: "",
            },
            Case {
                damage: "alter table public.tenants drop column industry",
                found: &[("shape-columns", "public.tenants.industry")],
                cleanup: "",
            },
            Case {
                damage: "alter table public.tenants add column nickname text",
                found: &[],
                cleanup: "alter table public.tenants drop column nickname",
            },
        ],
    );
}

#[test]
fn constraints_and_indexes_that_differ_are_found() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "alter table public.tenants drop constraint tenants_slug_check",
                found: &[("shape-constraints", "public.tenants.tenants_slug_check")],
                cleanup: "",
            },
            Case {
                damage: "alter table public.agents drop constraint agents_tenant_id_fkey, add constraint \
                         agents_tenant_id_fkey foreign key (tenant_id) references public.tenants (id) on delete cascade",
                found: &[("shape-constraints", "public.agents.agents_tenant_id_fkey")],
                cleanup: "",
            },
            Case {
                damage: "alter table public.agents drop constraint agents_sharing_mode_check, add constraint \
                         agents_sharing_mode_check check (sharing_mode in ('private', 'global', 'selective')) not valid",
                found: &[("shape-constraints", "public.agents.agents_sharing_mode_check")],
                cleanup: "",
            },
            Case {
                damage: "alter table public.user_tenants drop constraint user_tenants_user_id_tenant_id_key",
                found: &[(
                    "shape-constraints",
                    "public.user_tenants.user_tenants_user_id_tenant_id_key",
                )],
                cleanup: "",
            },
            Case {
                damage: "drop index public.idx_agents_shared_with",
                found: &[("shape-indexes", "public.idx_agents_shared_with")],
                cleanup: "",
            },
            Case {
                damage: "drop index public.idx_agents_sharing; \
                         create index idx_agents_sharing on public.agents (is_shared, sharing_mode) where is_shared",
                found: &[("shape-indexes", "public.idx_agents_sharing")],
                cleanup: "",
            },
            Case {
                damage: "drop index public.tenants_platform_key",
                found: &[("shape-indexes", "public.tenants_platform_key")],
                cleanup: "",
            },
        ],
    );
}

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

#[test]
fn grants_that_differ_are_found() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "grant truncate on public.agents to authenticated",
                found: &[("shape-table-grants", "public.agents")],
                cleanup: "",
            },
            Case {
                damage: "grant insert on public.agents to authenticated",
                found: &[("shape-table-grants", "public.agents"), ("behaviour-upsert", "*")],
                cleanup: "",
            },
            Case {
                damage: "grant select on public.agents to service_role with grant option",
                found: &[("shape-table-grants", "public.agents")],
                cleanup: "",
            },
            Case {
                damage: "revoke select on public.user_roles from service_role",
                found: &[("shape-table-grants", "public.user_roles")],
                cleanup: "",
            },
            Case {
                damage: "grant insert, delete on public.resource_sharing_audit to service_role",
                found: &[("shape-table-grants", "public.resource_sharing_audit")],
                cleanup: "",
            },
            Case {
                damage: "grant select on vital_private.replaced_policies to authenticated; \
                         grant select on vital_private.refinery_schema_history to service_role",
                found: &[
                    ("shape-table-grants", "vital_private.refinery_schema_history"),
                    ("shape-table-grants", "vital_private.replaced_policies"),
                ],
                cleanup: "",
            },
            Case {
                damage: "grant insert (id) on public.agents to authenticated",
                found: &[
                    ("shape-column-grants", "public.agents.id"),
                    ("behaviour-upsert", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "revoke insert (tags) on public.agents from authenticated; \
                         grant update (quotas) on public.tenants to service_role",
                found: &[
                    ("shape-column-grants", "public.agents.tags"),
                    ("shape-column-grants", "public.tenants.quotas"),
                ],
                cleanup: "",
            },
            Case {
                damage: "grant execute on function public.grant_platform_admin(uuid) to authenticated",
                found: &[
                    ("shape-function-grants", "public.grant_platform_admin(uuid)"),
                    ("behaviour-granting-functions", "*"),
                ],
                cleanup: "",
            },
            Case {
                damage: "revoke execute on function public.can_access_resource(uuid, boolean, varchar, uuid[], uuid) \
                         from authenticated",
                found: &[(
                    "shape-function-grants",
                    "public.can_access_resource(uuid,boolean,character varying,uuid[],uuid)",
                )],
                cleanup: "",
            },
        ],
    );
}
