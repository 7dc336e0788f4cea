//! `vital list-admins`: who is a platform admin.

use super::Context;
use crate::cli::exit_codes;
use crate::db::Transaction;
use crate::error::Result;
use crate::ops::admins::list;

/// The arguments of `vital list-admins`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7))]
pub struct Args {}

pub(super) async fn run(_args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let mut tenancy = context.tenancy(&mut connection);
    let read = async |tx: &Transaction<'_>| list(tx).await;
    let report = tenancy.read("could not list the platform admins", read).await?;
    context.output.report(&report)?;
    Ok(0)
}
