//! `vital user list`: who is what in which tenant.

use crate::cli::exit_codes;
use crate::commands::{Context, word};
use crate::db::Transaction;
use crate::error::Result;
use crate::model::{MembershipStatus, Role, TenantRef};
use crate::ops::user::list::{Filter, list};

/// The arguments of `vital user list`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7))]
pub struct Args {
    /// Only members of this tenant, by slug or uuid
    #[arg(long)]
    tenant: Option<TenantRef>,

    /// Only this role
    #[arg(long, value_parser = word!(Role))]
    role: Option<Role>,

    /// Only this status
    #[arg(long, value_parser = word!(MembershipStatus))]
    status: Option<MembershipStatus>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let filter = Filter {
        tenant: args.tenant.clone(),
        role: args.role,
        status: args.status,
    };
    let mut connection = context.connect().await?;
    let read = async |tx: &Transaction<'_>| list(tx, &filter).await;
    let report = context
        .tenancy(&mut connection)
        .read("could not list the users", read)
        .await?;
    context.output.report(&report)?;
    Ok(0)
}
