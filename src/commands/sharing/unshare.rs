//! `vital sharing unshare`: no longer shares agents with some tenants.

use super::change::{self, ChoiceArgs};
use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::Result;
use crate::ops::sharing::change::Verb;

/// The arguments of `vital sharing unshare`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7 8))]
pub struct Args {
    /// Which agents; without a recipient left they become private.
    #[command(flatten)]
    choice: ChoiceArgs,

    /// The tenants that are not to see them any more: slugs or uuids
    #[arg(
        long,
        value_name = "TENANT",
        value_delimiter = ',',
        required = true,
        visible_alias = "with"
    )]
    from: Vec<String>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    change::run(&args.choice, &Verb::Unshare(args.from.clone()), context).await
}
