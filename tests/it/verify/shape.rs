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
                damage: "grant references on public.agents to authenticated",
                found: &[("shape-table-grants", "public.agents")],
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
                damage: "grant references (id) on public.agents to authenticated; \
                         grant update (quotas) on public.tenants to service_role",
                found: &[
                    ("shape-column-grants", "public.agents.id"),
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
