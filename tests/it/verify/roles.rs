//! Damage to roles, which belong to a whole server, on a server of its own.

use super::{Case, found, parsed, show};
use crate::support::{Database, Run, Server, Template, shared_options};

#[test]
fn api_roles_that_row_security_does_not_bind_are_found() {
    let db = Database::on(Server::with(&shared_options()), Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "alter role anon bypassrls",
                found: &[("bypassing-api-roles", "role anon")],
                cleanup: "",
            },
            Case {
                damage: "grant pg_read_all_data to authenticated",
                found: &[
                    ("api-role-memberships", "role authenticated"),
                    ("api-role-memberships", "role authenticator"),
                ],
                cleanup: "",
            },
            Case {
                damage: "create role clerk; grant select on public.tenants to clerk; \
                         grant execute on function public.grant_platform_admin(uuid) to clerk",
                found: &[
                    ("other-grants", "function public.grant_platform_admin(uuid)"),
                    ("other-grants", "table public.tenants"),
                ],
                cleanup: "",
            },
            Case {
                damage: "grant update (role) on public.user_roles to clerk; \
                         grant usage on sequence vital_private.admin_audit_id_seq to clerk, authenticated; \
                         grant usage on schema vital_private to clerk; \
                         grant select on vital_private.refinery_schema_history to clerk; \
                         grant select on vital_private.admin_audit to public",
                found: &[
                    ("other-grants", "schema vital_private"),
                    ("other-grants", "sequence vital_private.admin_audit_id_seq"),
                    ("other-grants", "table public.user_roles (role)"),
                    ("other-grants", "table vital_private.admin_audit"),
                    ("other-grants", "table vital_private.refinery_schema_history"),
                ],
                cleanup: "drop role clerk",
            },
            Case {
                damage: "grant create on schema public to public",
                found: &[("creators-on-path", "schema public")],
                cleanup: "",
            },
            Case {
                damage: "create schema shed; alter role authenticated set search_path = public, shed; \
                         grant create on schema shed to authenticated",
                found: &[("creators-on-path", "schema shed")],
                cleanup: "alter role authenticated reset search_path; drop schema shed",
            },
            Case {
                damage: "grant create on schema public to authenticated; set role authenticated; \
                         create function public.evil(a varchar, b varchar) returns boolean language sql as 'select true'; \
                         create operator public.= (leftarg = varchar, rightarg = varchar, function = public.evil); \
                         create type public.mood as enum ('good'); \
                         create function public.set_tenant_context(a text) returns void language sql as ''; \
                         reset role; revoke create on schema public from authenticated",
                found: &[
                    (
                        "planted-objects",
                        "function public.evil(character varying,character varying)",
                    ),
                    ("planted-objects", "function public.set_tenant_context(text)"),
                    (
                        "planted-objects",
                        "operator public.=(character varying,character varying)",
                    ),
                    ("planted-objects", "type public.mood"),
                    ("anon-grants", "function public.set_tenant_context(text)"),
                    ("owning-api-roles", "function public.set_tenant_context(text)"),
                    ("shape-functions", "public.set_tenant_context(text)"),
                ],
                cleanup: "",
            },
            Case {
                damage: "create table public.diary (tenant_id uuid primary key references public.tenants (id)); \
                         revoke all on public.diary from anon, authenticated; \
                         alter table public.diary enable row level security; \
                         alter table public.diary owner to authenticator",
                found: &[("owning-api-roles", "table public.diary")],
                cleanup: "drop table public.diary",
            },
        ],
    );
    a_reader_gets_shape_and_is_told_what_was_not_checked(&db);
    a_stranger_is_told_that_nothing_was_checked(&db);
}

/// Runs the binary as another role.
fn run_as(db: &Database, role: &str, arguments: &[&str]) -> Run {
    Run::of(db.command(arguments).env("DATABASE_URL", db.url_as(role)))
}

fn a_reader_gets_shape_and_is_told_what_was_not_checked(db: &Database) {
    super::run_as_superuser(db, "create role reader login; grant pg_read_all_data to reader");
    let run = run_as(db, "reader", &["verify"]).failure(4);
    assert!(run.stdout.contains("not checked"), "{run}");
    assert!(
        run.stdout
            .contains("the probe could not be created: role reader is bound by row security"),
        "{run}"
    );
    let report = parsed(&run_as(db, "reader", &["verify", "-o", "json"]));
    let ids = |list: &str| {
        let list = report[list].as_array().unwrap().clone();
        list.iter()
            .map(|entry| {
                entry["check_id"]
                    .as_str()
                    .or(entry.as_str())
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect::<Vec<_>>()
    };
    assert!(ids("passed").contains(&"shape-policies".to_owned()), "{report:#}");
    assert!(
        ids("not_checked").contains(&"lost-recipients".to_owned()),
        "{report:#}"
    );
    assert!(
        ids("not_checked").contains(&"behaviour-visibility".to_owned()),
        "{report:#}"
    );
    run_as(db, "reader", &["verify", "--allow-not-checked"]).success();

    super::run_as_superuser(db, "drop policy agents_select_with_sharing on public.agents");
    let report = parsed(&run_as(db, "reader", &["verify", "--allow-not-checked", "-o", "json"]).failure(4));
    let policy = (
        "shape-policies".to_owned(),
        "public.agents.agents_select_with_sharing".to_owned(),
    );
    assert_eq!(found(&report), [policy]);
    db.vital(&["verify", "--fix", "--yes"]).success();
}

fn a_stranger_is_told_that_nothing_was_checked(db: &Database) {
    super::run_as_superuser(db, "create role nobody_here login");
    let run = run_as(db, "nobody_here", &["verify", "-o", "json"]).failure(4);
    let report = parsed(&run);
    assert!(report["counts"]["not_checked"].as_i64() > Some(20), "{report:#}");
}
