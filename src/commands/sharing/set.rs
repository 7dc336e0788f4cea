//! `vital sharing set`: sets how agents are shared, whatever it was.

use clap::ValueEnum;

use super::change::{self, ChoiceArgs};
use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::{Error, Result};
use crate::ops::sharing;
use crate::ops::sharing::change::Verb;

/// The arguments of `vital sharing set`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7 8))]
pub struct Args {
    /// Which agents.
    #[command(flatten)]
    choice: ChoiceArgs,

    /// How to share them
    #[arg(long, value_enum)]
    mode: Mode,

    /// The tenants of a selective agent: slugs or uuids
    #[arg(
        long,
        value_name = "TENANT",
        value_delimiter = ',',
        required_if_eq("mode", "selective")
    )]
    with: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// The owning tenant reads them
    Private,
    /// Everybody who is signed in reads them
    Global,
    /// The owning tenant and those of --with read them
    Selective,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let mode = match args.mode {
        Mode::Private => sharing::Mode::Private,
        Mode::Global => sharing::Mode::Global,
        Mode::Selective => sharing::Mode::Selective,
    };
    if args.mode != Mode::Selective && !args.with.is_empty() {
        return Err(Error::usage("--with names the tenants of --mode selective only"));
    }
    change::run(&args.choice, &Verb::Set(mode, args.with.clone()), context).await
}
