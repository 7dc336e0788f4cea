//! `vital schema dump`: the promised catalog, or the live one in the same form.

use anyhow::Context as _;

use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::Result;
use crate::ops::verify::catalog::Catalog;
use crate::render::{Format, yaml};

/// The arguments of `vital schema dump`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(7))]
pub struct Args {
    /// Print what the database has instead of what the migrations promise
    #[arg(long)]
    live: bool,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let catalog = match args.live {
        true => Catalog::live(&mut context.connect().await?).await?,
        false => Catalog::promised()?,
    };
    // A table would cut the bodies of functions into pieces.
    if context.output.format() == Format::Table {
        let mut document = Vec::new();
        yaml::write(&catalog, &mut document).context("could not write the catalog")?;
        context.output.document(&document)?;
    } else {
        context.output.report(&catalog)?;
    }
    Ok(0)
}
