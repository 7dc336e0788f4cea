//! Tables and schemas that somebody else made before the first migration, to own them afterwards.

use crate::support::migrations;
use crate::support::{Database, Template};

/// The objects that the migrations would take for their own, as `mallory` makes them.
const PLANTED: [(&str, &str); 4] = [
    ("public.tenants", "create table public.tenants (id uuid)"),
    ("public.user_roles", "create table public.user_roles (id uuid)"),
    (
        "public.resource_sharing_audit",
        "create table public.resource_sharing_audit (id uuid)",
    ),
    ("vital_private", "create schema vital_private"),
];

/// What a test ends with: roles belong to the server, and only an own database is dropped.
const CLEAN: &str = "drop owned by mallory_planted cascade; drop role mallory_planted";

#[test]
fn object_of_somebody_else_is_refused_and_one_of_the_owner_is_not() {
    for (name, create) in PLANTED {
        let database = Database::create(Template::PreState);
        let mut superuser = database.superuser();
        // No superuser would be stopped by missing privileges.
        superuser
            .batch_execute(
                "create role mallory_planted;
                 grant create on schema public to mallory_planted;
                 do $$ begin execute format('grant create on database %I to mallory_planted', current_database()); end $$",
            )
            .unwrap();
        let planted = format!("set role mallory_planted; {create}; reset role");
        superuser.batch_execute(&planted).unwrap();
        let first = &migrations::files()[0];
        let error = migrations::run(&mut superuser, first).unwrap_err();
        superuser.batch_execute(CLEAN).unwrap();
        let error = error.as_db_error().unwrap();
        assert_eq!(error.code().code(), "55000", "{error}");
        let name = name.trim_start_matches("public.");
        assert!(
            error.message().contains(name) && error.message().contains("mallory_planted"),
            "{error}"
        );
        migrations::run(&mut superuser, first).unwrap();
    }
}
