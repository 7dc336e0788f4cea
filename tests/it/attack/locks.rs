//! Locks that a user of the API can take, held for as long as they like, against what operators must be able to do.

use postgres::Client;
use uuid::Uuid;

use super::world::{agents, tenants, users};
use crate::support::{Database, Template, migrations};

/// Starts a transaction of `user`, who does `sql` and goes away.
fn held(database: &Database, user: Uuid, sql: &str) -> Client {
    let mut client = database.acting_as(user);
    client.batch_execute(&format!("begin; {sql}")).unwrap();
    client
}

/// The strongest lock that an admin of a tenant has on its row.
fn row_of(tenant: Uuid) -> String {
    format!("select from public.tenants where id = '{tenant}' for update")
}

#[test]
fn no_lock_of_a_user_delays_migrate_up() {
    let database = Database::create(Template::PreState);
    // Every key that a runner ever used, and a few more, in both forms and for the whole session.
    let sql = "select pg_advisory_lock(508575375724), pg_advisory_lock(0), pg_advisory_lock(118, 1769234796), \
                      pg_advisory_lock(hashtext('vital'))";
    let _user = held(&database, users::OUTSIDER, sql);
    let up = [
        "migrate",
        "up",
        "--replace-policies",
        "--yes",
        "--migration-lock-wait",
        "2s",
    ];
    database.vital(&[&up[..], &["--to", "1"]].concat()).success();
    database.vital(&up).success();
    database
        .vital(&["migrate", "down", "--to", "3", "--yes"])
        .success();
}

#[test]
fn the_lock_of_migrations_is_out_of_reach() {
    let database = Database::create(Template::World);
    for table in ["refinery_schema_history", "locks", "admin_audit"] {
        for mode in ["access share", "row share", "exclusive"] {
            let sql = format!("begin; lock table vital_private.{table} in {mode} mode");
            for mut client in [
                database.acting_as(users::ADMIN),
                database.client_as("service_role"),
            ] {
                let error = client.batch_execute(&sql).unwrap_err();
                assert_eq!(migrations::state(&error).code(), "42501", "{sql}");
            }
        }
    }
}

#[test]
fn nobody_delays_their_own_removal() {
    let database = Database::create(Template::World);
    let _admin = held(&database, users::NORTH_ADMIN, &row_of(tenants::NORTH));
    let user = users::NORTH_ADMIN.to_string();
    for command in ["suspend-user", "remove-user"] {
        let arguments = [command, &user, "--tenant", "north", "--yes", "--lock-wait", "1s"];
        database.vital(&arguments).success();
    }
}

#[test]
fn no_platform_admin_delays_the_revocation_of_another_or_their_own() {
    let database = Database::create(Template::World);
    let sql = format!(
        "{}; insert into public.tenants (name, slug, type) values ('x', 'x', 'client')",
        row_of(tenants::PLATFORM)
    );
    let _admin = held(&database, users::ADMIN, &sql);
    let user = users::ADMIN.to_string();
    let arguments = [
        "revoke-admin",
        &user,
        "--allow-no-admin",
        "--yes",
        "--lock-wait",
        "1s",
    ];
    database.vital(&arguments).success();
}

#[test]
fn a_recipient_delays_no_unsharing() {
    let database = Database::create(Template::World);
    let _recipient = held(&database, users::SOUTH_ADMIN, &row_of(tenants::SOUTH));
    let mut owner = database.acting_as(users::NORTH_OWNER);
    let unshare = format!(
        "set lock_timeout = '2s'; update public.agents set is_shared = false, sharing_mode = 'private', \
         shared_with = null where id = '{}'",
        agents::NORTH_SELECTIVE
    );
    owner.batch_execute(&unshare).unwrap();
    let south = database.acting_as(users::SOUTH_MEMBER).query(
        "select from public.agents where id = $1",
        &[&agents::NORTH_SELECTIVE],
    );
    assert_eq!(south.unwrap().len(), 0);
}

#[test]
fn whoever_holds_up_a_suspension_is_named_within_its_limit() {
    let database = Database::create(Template::World);
    let mut admin = held(&database, users::SOUTH_ADMIN, &row_of(tenants::SOUTH));
    let pid: i32 = admin.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    let started = std::time::Instant::now();
    let arguments = ["tenant", "suspend", "south", "--yes", "--lock-wait", "1s"];
    let run = database.vital(&arguments).failure(6);
    assert!(started.elapsed().as_secs() < 15);
    let named = format!("pid {pid} (user authenticator");
    assert!(run.stderr.contains(&named), "{run}");
    assert!(run.stderr.contains("public.tenants"), "{run}");
    admin.batch_execute("rollback").unwrap();
    database.vital(&arguments).success();
}
