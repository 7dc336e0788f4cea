//! `vital tenant show`: one tenant with all that belongs to it.

use crate::cli::exit_codes;
use crate::commands::{Context, pick};
use crate::db::Transaction;
use crate::error::Result;
use crate::model::TenantRef;
use crate::ops::tenant::show::show;

/// The arguments of `vital tenant show`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7))]
pub struct Args {
    /// Slug or uuid; left out, a terminal offers a list
    tenant: Option<TenantRef>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let mut tenancy = context.tenancy(&mut connection);
    let tenant = pick::tenant(context, &mut tenancy, args.tenant.as_ref(), "TENANT").await?;
    let read = async |tx: &Transaction<'_>| show(tx, &tenant).await;
    let report = tenancy.read("could not show the tenant", read).await?;
    context.output.report(&report)?;
    Ok(0)
}
