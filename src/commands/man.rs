//! `vital man`: the manual, generated from the same definitions as `--help`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::CommandFactory;

use super::{Cli, Context};
use crate::cli::exit_codes;
use crate::error::Result;

/// The arguments of `vital man`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(offline))]
pub struct Args {
    /// Write one page a command into this directory, creating it, instead of vital(1) to stdout
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &Args, context: &Context) -> Result<u8> {
    match &args.dir {
        Some(dir) => {
            write_pages(dir).with_context(|| format!("could not write the manual to `{}`", dir.display()))?;
            context
                .output
                .note(&format!("wrote the manual to `{}`", dir.display()));
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command())
                .render(&mut page)
                .context("could not write the manual")?;
            context.output.document(&page)?;
        }
    }
    Ok(0)
}

fn write_pages(dir: &Path) -> std::io::Result<()> {
    fs::create_dir_all(dir)?;
    clap_mangen::generate_to(Cli::command(), dir)
}
