//! The checks that look at rows and at the history.

use super::{Case, found, show, verify};
use crate::support::{Database, Template};

/// SQL that runs while no trigger fires and no foreign key is kept.
macro_rules! unguarded {
    ($damage:literal) => {
        concat!(
            "set session_replication_role = replica; ",
            $damage,
            "; reset session_replication_role"
        )
    };
}

#[test]
fn rows_that_lost_their_tenant_are_found() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: unguarded!("update public.agents set tenant_id = null where slug like 'fhir-%'"),
                found: &[("agents-without-tenant", "public.agents")],
                cleanup: "",
            },
            Case {
                damage: unguarded!(
                    "update public.agents set tenant_id = gen_random_uuid() where slug like 'omop-%'"
                ),
                found: &[("agents-of-lost-tenants", "public.agents")],
                cleanup: "",
            },
            Case {
                damage: unguarded!(
                    "insert into public.user_tenants (user_id, tenant_id) \
                     values ('a0000000-0000-4000-8000-000000000001', gen_random_uuid())"
                ),
                found: &[("members-of-lost-tenants", "public.user_tenants")],
                cleanup: "",
            },
            Case {
                damage: "insert into public.tenants (id, name, slug, type, status) \
                         values ('11111111-1111-4111-8111-111111111111', 'Gone', 'gone', 'client', 'archived'); \
                         insert into public.agents (name, tenant_id, is_shared, sharing_mode, shared_with) \
                         select 'shared', '11111111-1111-4111-8111-111111111111', true, 'selective', array[id] \
                         from public.tenants where slug = 'digital-health-startup'",
                found: &[("agents-of-closed-tenants", "tenant gone")],
                cleanup: "delete from public.agents where name = 'shared'",
            },
            Case {
                damage: "insert into public.user_tenants (user_id, tenant_id) \
                         select gen_random_uuid(), id from public.tenants where slug = 'digital-health-startup'; \
                         insert into public.user_roles (user_id, role) values (gen_random_uuid(), 'platform_admin')",
                found: &[
                    ("unknown-users", "public.user_roles"),
                    ("unknown-users", "public.user_tenants"),
                ],
                cleanup: "",
            },
        ],
    );
}

#[test]
fn sharing_that_cannot_be_is_found() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: unguarded!(
                    "update public.agents set sharing_mode = 'selective', shared_with = array[gen_random_uuid()] \
                     where slug like 'fhir-%'"
                ),
                found: &[("lost-recipients", "public.agents")],
                cleanup: "",
            },
            Case {
                damage: "alter table public.agents drop constraint agents_sharing_check; \
                         update public.agents set is_shared = false where slug like 'omop-%'; \
                         alter table public.agents add constraint agents_sharing_check check (is_shared is not null \
                         and sharing_mode is not null and is_shared = (sharing_mode <> 'private') \
                         and (sharing_mode = 'selective') = (coalesce(cardinality(shared_with), 0) > 0) \
                         and array_position(shared_with, null) is null) not valid",
                found: &[
                    ("disagreeing-sharing", "public.agents"),
                    ("shape-constraints", "public.agents.agents_sharing_check"),
                ],
                cleanup: "",
            },
        ],
    );
}

#[test]
fn seeds_and_history_that_differ_are_found() {
    let db = Database::create(Template::Migrated);
    show(
        &db,
        &[
            Case {
                damage: "delete from public.tenants where slug = 'digital-health-startup'",
                found: &[("seeds", "tenant digital-health-startup")],
                cleanup: "",
            },
            Case {
                damage: "update public.tenants set slug = 'platform' where type = 'platform'",
                found: &[("seeds", "tenant vital-platform")],
                cleanup: "",
            },
            Case {
                damage: "update vital_private.refinery_schema_history set checksum = '1' where version = 20251026000002",
                found: &[("history", "migration V20251026000002")],
                cleanup: "",
            },
        ],
    );
}

#[test]
fn a_migration_that_this_version_does_not_know_is_a_finding() {
    let db = Database::create(Template::Migrated);
    let sql = "insert into vital_private.refinery_schema_history (version, name, applied_on, checksum) \
               values (30000000000000, 'later', '2030-01-01T00:00:00Z', '1')";
    db.client().batch_execute(sql).unwrap();
    let report = verify(&db, &[]);
    assert_eq!(
        found(&report),
        [("history".to_owned(), "migration V30000000000000".to_owned())]
    );
    assert_eq!(db.vital(&["verify"]).code, 4);
}

#[test]
fn pending_migrations_end_with_3_and_leave_exposure_checked() {
    let db = Database::create(Template::Legacy);
    let run = db.vital(&["verify"]).failure(3);
    assert!(run.stdout.contains("4 migrations are pending"), "{run}");
    let report = verify(&db, &[]);
    let found = found(&report);
    let policy = (
        "unknown-policies".to_owned(),
        "public.agents.tenant_isolation_agents".to_owned(),
    );
    assert!(found.contains(&policy), "{found:?}");
    assert!(
        !found.iter().any(|(check, _)| check.starts_with("shape-")),
        "{found:?}"
    );

    let empty = Database::create(Template::Supabase);
    let run = empty.vital(&["verify"]).failure(3);
    assert!(run.stdout.contains("4 migrations are pending"), "{run}");
}
