//! `vital migrate status`: tells what is applied.

use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::{Kind, Result};
use crate::ops::migrate::status;

/// The arguments of `vital migrate status`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(3 5 6 7))]
pub struct Args {
    /// End with 3 if a migration is pending, with 5 if the history diverges
    #[arg(long)]
    exit_code: bool,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let report = status::status(&mut connection).await?;
    context.output.report(&report)?;
    Ok(match args.exit_code {
        true if report.is_divergent() => Kind::Diverged.exit_code(),
        true if report.is_pending() => Kind::Pending.exit_code(),
        _ => 0,
    })
}
