//! `vital tenant list`: the tenants at a glance.

use crate::cli::exit_codes;
use crate::commands::{Context, word};
use crate::db::Transaction;
use crate::error::Result;
use crate::model::{TenantStatus, TenantType};
use crate::ops::tenant::list::list;

/// The arguments of `vital tenant list`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7))]
pub struct Args {
    /// Only tenants in this status [default: all but deleted ones]
    #[arg(long, value_parser = word!(TenantStatus))]
    status: Option<TenantStatus>,

    /// Only tenants of this type
    #[arg(long = "type", value_parser = word!(TenantType))]
    kind: Option<TenantType>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let read = async |tx: &Transaction<'_>| list(tx, args.status, args.kind).await;
    let report = context
        .tenancy(&mut connection)
        .read("could not list the tenants", read)
        .await?;
    context.output.report(&report)?;
    Ok(0)
}
