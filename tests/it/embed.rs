//! The library as a service uses it, by way of `examples/embed.rs`.

#[path = "../../examples/embed.rs"]
mod example;

use example::provision;
use vital::Kind;
use vital::db::ConnectOptions;

use crate::support::{Database, Template};

fn run(db: &Database, tenant: &str, user: &str) -> vital::Result<example::Provisioned> {
    let options = ConnectOptions {
        database_url: Some(db.url()),
        ..ConnectOptions::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(provision(&options, tenant, user))
}

#[test]
fn a_service_migrates_verifies_and_assigns_a_user() {
    let db = Database::create(Template::PreState);
    let mut superuser = db.superuser();
    let policies = superuser
        .query(
            "select format('drop policy %I on %s', polname, polrelid::regclass) from pg_policy",
            &[],
        )
        .unwrap();
    let refused = run(&db, "digital-health-startup", "mia@dhs.example").unwrap_err();
    assert!(refused.message.contains("is not vital's"), "{refused}");
    for policy in policies {
        superuser.batch_execute(policy.get(0)).unwrap();
    }
    superuser
        .batch_execute("insert into auth.users (id, email) values (gen_random_uuid(), 'mia@dhs.example')")
        .unwrap();

    let first = run(&db, "digital-health-startup", "mia@dhs.example").unwrap();
    assert_eq!((first.applied, first.is_new), (4, true), "{first:?}");
    assert!(first.passed > 40, "{first:?}");
    let again = run(&db, "digital-health-startup", "mia@dhs.example").unwrap();
    assert_eq!((again.applied, again.is_new), (0, false), "{again:?}");
}

#[test]
fn a_service_is_told_that_isolation_does_not_hold() {
    let db = Database::create(Template::Migrated);
    db.client()
        .batch_execute("create policy open on public.agents for select to anon using (true)")
        .unwrap();
    let error = run(&db, "digital-health-startup", "mia@dhs.example").unwrap_err();
    assert_eq!(error.kind, Kind::Findings);
    assert!(
        error
            .details
            .iter()
            .any(|detail| detail.starts_with("unknown-policies")),
        "{error:?}"
    );
}
