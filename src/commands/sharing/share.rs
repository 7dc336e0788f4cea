//! `vital sharing share`: shares agents with more tenants.

use super::change::{self, ChoiceArgs};
use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::Result;
use crate::ops::sharing::change::Verb;

/// The arguments of `vital sharing share`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7 8))]
pub struct Args {
    /// Which agents; global ones stay as they are.
    #[command(flatten)]
    choice: ChoiceArgs,

    /// The tenants that are to see them, too: slugs or uuids
    #[arg(long, value_name = "TENANT", value_delimiter = ',', required = true)]
    with: Vec<String>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    change::run(&args.choice, &Verb::Share(args.with.clone()), context).await
}
