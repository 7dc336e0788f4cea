//! A service that embeds vital: brings a database to the tenancy, verifies it, and lets a user in.
//!
//! ```sh
//! cargo run --example embed --no-default-features -- digital-health-startup mia@dhs.example
//! ```
//!
//! `DATABASE_URL`, or libpq's variables, name the database. Nothing is printed but the last line, nothing is asked, and no
//! argument is parsed by the library.

use vital::db::{self, ConnectOptions, Settings};
use vital::model::Role;
use vital::ops::members::{self, Request};
use vital::ops::migrate::online::Online;
use vital::ops::migrate::up;
use vital::ops::tenancy::{Operator, Tenancy};
use vital::ops::verify::{self, Verdict};
use vital::{Error, Result};

/// What became of the database.
#[derive(Debug)]
pub struct Provisioned {
    /// How many migrations were applied.
    pub applied: usize,
    /// How many checks found nothing.
    pub passed: usize,
    /// Whether the user was let in now, and not before.
    pub is_new: bool,
}

/// Migrates the database that `options` name, verifies it, and makes `user` a member of `tenant`.
///
/// # Errors
/// Those of the operations, and a refusal if somebody has to decide about policies that vital does not know, or if isolation
/// does not hold.
pub async fn provision(options: &ConnectOptions, tenant: &str, user: &str) -> Result<Provisioned> {
    let mut connection = db::connect(&Settings::resolve(options)?).await?;

    let assessment = up::assess(&mut connection, None).await?;
    if let Some(policy) = assessment.leftovers().first() {
        return Err(Error::failed(format!("policy `{}` is not vital's", policy.name))
            .with_hint("decide about it with `vital migrate up`"));
    }
    let applied = up::apply(
        &mut connection,
        &assessment,
        Online::Auto,
        &[],
        verify::differences,
    )
    .await?;

    let verification = verify::verify(&mut connection, &verify::Request::default()).await?;
    if verification.verdict != Verdict::Passed {
        let error = Error::new(vital::Kind::Findings, "the database is not as promised");
        let found = verification.findings.iter().take(5);
        return Err(found.fold(error, |error, finding| {
            error.with_detail(format!("{}: {}", finding.check_id, finding.object))
        }));
    }

    let tenant = tenant.parse().map_err(Error::usage)?;
    let user = user.parse().map_err(Error::usage)?;
    let mut tenancy = Tenancy {
        connection: &mut connection,
        operator: Operator::of_process("embed"),
    };
    let members = tenancy
        .apply("could not let the user in", async |transaction| {
            let users = std::slice::from_ref(&user);
            let request = Request::Assign(Some(Role::Member));
            let memberships = members::find(transaction, users, &tenant, request).await?;
            members::change(transaction, &memberships, false).await
        })
        .await?;
    Ok(Provisioned {
        applied: applied.migrations.len(),
        passed: verification.passed.len(),
        is_new: members.members.iter().any(|member| member.changed),
    })
}

#[allow(dead_code, reason = "the tests include this file and call `provision`")]
#[allow(clippy::print_stdout, reason = "this is the program around the library")]
fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(tenant), Some(user)) = (arguments.next(), arguments.next()) else {
        return Err("usage: embed TENANT USER".into());
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(provision(&ConnectOptions::default(), &tenant, &user))?;
    println!("{done:?}");
    Ok(())
}
