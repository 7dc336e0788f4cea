//! `vital bootstrap`: the API's roles and functions on a plain PostgreSQL.

use super::Context;
use crate::cli::exit_codes;
use crate::error::Result;
use crate::ops::bootstrap::bootstrap;

/// The arguments of `vital bootstrap`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(7 8))]
pub struct Args {}

pub(super) async fn run(_args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let report = bootstrap(&mut connection).await?;
    context.output.report(&report)?;
    Ok(0)
}
