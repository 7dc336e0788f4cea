//! `vital doctor`: what would go wrong.

use std::time::Instant;

use super::Context;
use crate::cli::exit_codes;
use crate::error::{Kind, Result};
use crate::ops::doctor::{self, Overview};
use crate::render::Format;

/// The arguments of `vital doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = concat!(
    exit_codes!(6 7),
    "\n\nA problem ends it with 1; notes do not. It reads only."
))]
pub struct Args {}

pub(super) async fn run(_args: &Args, context: &Context) -> Result<u8> {
    let begun = Instant::now();
    let mut connection = context.connect().await?;
    let report = doctor::examine(&mut connection, begun.elapsed()).await?;
    context.interrupt.check()?;
    match context.output.format() {
        Format::Table => context.output.report(&Overview(&report))?,
        _ => context.output.report(&report)?,
    }
    Ok(match report.problems {
        0 => 0,
        _ => Kind::Failed.exit_code(),
    })
}
