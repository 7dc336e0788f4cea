//! `vital tenant archive`: kept as it is, for nobody but platform admins.

use super::status::{self, StatusArgs};
use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::Result;
use crate::model::TenantStatus;

/// The arguments of `vital tenant archive`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7 8))]
pub struct Args {
    #[command(flatten)]
    args: StatusArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    status::run(&args.args, context, TenantStatus::Archived, "archive").await
}
