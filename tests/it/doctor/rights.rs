//! The grants that `vital doctor` prints are the ones that help.

use serde_json::Value;

use super::{examined, findings, found};
use crate::support::{Database, Run, Template};

/// A role of a test's own, which goes with it.
struct Role<'a> {
    database: &'a Database,
    name: String,
}

impl<'a> Role<'a> {
    fn create(database: &'a Database, options: &str) -> Self {
        let name = format!("{}_guest", database.name());
        let create = format!("create role {name} login {options}");
        database.superuser().batch_execute(&create).unwrap();
        Self { database, name }
    }

    fn vital(&self, arguments: &[&str]) -> Run {
        let mut command = self.database.command(arguments);
        Run::of(command.env("DATABASE_URL", self.database.url_as(&self.name)))
    }

    fn doctor(&self) -> Value {
        examined(self.vital(&["doctor", "-o", "json"])).1
    }

    /// What the next steps of the role's findings say, for the checks that `wanted` picks.
    fn grants(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let report = self.doctor();
        let all = report["findings"].as_array().unwrap().iter();
        all.filter(|finding| finding["area"] == "role" && wanted(finding["check"].as_str().unwrap()))
            .filter(|finding| finding["check"] != "identity" && finding["check"] != "migrate up")
            .filter_map(|finding| finding["next"].as_str().map(str::to_owned))
            .collect()
    }

    fn apply(&self, grants: &[String]) {
        for grant in grants {
            let applied = self.database.superuser().batch_execute(grant);
            applied.unwrap_or_else(|error| panic!("{grant}: {error:?}"));
        }
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        let name = &self.name;
        let drop = format!("reassign owned by {name} to postgres; drop owned by {name}; drop role {name}");
        let _ = self.database.superuser().batch_execute(&drop);
    }
}

#[test]
fn a_role_with_few_rights_is_told_the_grants() {
    let database = Database::create(Template::Migrated);
    let role = Role::create(&database, "");
    let (name, report) = (&role.name, role.doctor());
    for (check, fact, next) in [
        (
            "reading",
            "note: role lacks select on public.agents",
            format!("grant pg_read_all_data to {name}"),
        ),
        (
            "verify, sharing, lists",
            "row security hides those of auth.users, public.agents",
            format!("alter role {name} bypassrls"),
        ),
        (
            "verify (behaviour)",
            "membership in anon, authenticated, service_role",
            "grant anon, authenticated".to_owned(),
        ),
        (
            "verify (behaviour), changes",
            "rights of the owner of public.agents",
            format!("grant postgres to {name}"),
        ),
        (
            "users by address",
            "select on auth.users",
            "grant select on auth.users".to_owned(),
        ),
        (
            "migrate up",
            "does not own public.agents, public.tenants, public.user_tenants",
            "connect as postgres".to_owned(),
        ),
        (
            "history",
            "problem: the migration history may not be read",
            "pg_read_all_data".to_owned(),
        ),
    ] {
        found(&report, check, fact, &next);
    }
    // What is pending is unknown, and not nothing.
    assert_eq!(
        findings(&report, "size")[0].0.matches("pending").count(),
        0,
        "{report}"
    );
}

#[test]
fn with_the_grants_that_are_printed_every_command_works() {
    for options in ["", "noinherit"] {
        let database = Database::create(Template::World);
        let role = Role::create(&database, options);
        role.apply(&role.grants(|_| true));
        let report = role.doctor();
        found(&report, "privileges", "ok: the role may run every command", "");
        found(&report, "migrate up", "ok: nothing stands in its way", "");

        let verified = role.vital(&["verify", "-o", "json"]);
        let verification: Value = serde_json::from_str(&verified.stdout).unwrap();
        assert_eq!(
            verification["not_checked"].as_array().map(Vec::len),
            Some(0),
            "{verified}"
        );
        for arguments in [
            &["migrate", "status"][..],
            &["migrate", "plan"],
            &["migrate", "up"],
            &["tenant", "create", "new-customer", "--name", "New Customer"],
            &["tenant", "suspend", "new-customer", "--yes"],
            &[
                "assign-user",
                "ada.admin@vital.example",
                "--tenant",
                "vital-platform",
            ],
            &["grant-admin", "sam.support@vital.example", "--yes"],
            &["list-admins"],
            &["user", "list"],
            &["user", "show", "ada.admin@vital.example"],
            &["seed", "--export"],
            &["audit"],
            &["sharing", "report"],
            &["sharing", "matrix"],
            &["sharing", "audit"],
            &["sharing", "set", "--name", "*", "--mode", "global", "--yes"],
            &["schema", "dump", "--live"],
        ] {
            role.vital(arguments).success();
        }
    }
}

#[test]
fn with_the_grants_for_reading_alone_every_report_works_and_nothing_else() {
    let database = Database::create(Template::World);
    let role = Role::create(&database, "");
    role.apply(&role.grants(|check| !check.starts_with("verify (behaviour)")));
    let (report, expected) = (
        role.doctor(),
        ["verify (behaviour)", "verify (behaviour), changes"],
    );
    for check in expected {
        assert_eq!(findings(&report, check).len(), 1, "{check}: {report}");
    }
    // Nothing is pending, so that nothing is stopped.
    found(
        &report,
        "migrate up",
        "note: nothing is pending; later, role",
        "connect as postgres",
    );
    for arguments in [
        &["migrate", "status"][..],
        &["tenant", "list"],
        &["user", "list"],
        &["user", "show", "ada.admin@vital.example"],
        &["list-admins"],
        &["seed", "--export"],
        &["audit"],
        &["sharing", "report"],
    ] {
        let mine = role.vital(arguments).success();
        assert_eq!(mine.stdout, database.vital(arguments).success().stdout);
    }
    role.vital(&["grant-admin", "sam.support@vital.example", "--yes"])
        .failure(1);
    // By address, too, it is row security that decides.
    let alter = format!("alter role {} nobypassrls", role.name);
    database.superuser().batch_execute(&alter).unwrap();
    found(&role.doctor(), "verify, sharing, lists", "hides", "bypassrls");
}

#[test]
fn what_row_security_hides_is_not_taken_for_nothing() {
    let database = Database::create(Template::World);
    let role = Role::create(&database, "");
    role.apply(&[format!("grant pg_read_all_data to {}", role.name)]);
    for arguments in [
        &["tenant", "list"][..],
        &["tenant", "show", "vital-platform"],
        &["user", "list"],
        &["list-admins"],
        &["seed", "--export"],
        &["audit"],
    ] {
        let run = role.vital(arguments).failure(1);
        assert!(
            run.stderr
                .contains("cause: row security hides tenants, user_roles, user_tenants from role"),
            "{run}"
        );
        assert!(
            run.stderr.contains("another role that bypasses row security"),
            "{run}"
        );
    }
}
