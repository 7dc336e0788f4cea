//! `vital completions`: the completion script of a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, Context};
use crate::cli::exit_codes;
use crate::error::Result;

/// The arguments of `vital completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(offline))]
pub struct Args {
    /// The shell; for bash try `source <(vital completions bash)`
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "vital", &mut script);
    context.output.document(&script)?;
    Ok(0)
}
