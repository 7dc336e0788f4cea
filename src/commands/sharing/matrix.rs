//! `vital sharing matrix`: what each tenant sees of each other tenant's agents.

use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::Result;
use crate::ops::sharing::matrix;

/// The arguments of `vital sharing matrix`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(7))]
pub struct Args {
    /// Only these owners: slugs or uuids
    #[arg(long, value_name = "TENANT", value_delimiter = ',')]
    owner: Vec<String>,

    /// Only these viewers: slugs or uuids
    #[arg(long, value_name = "TENANT", value_delimiter = ',')]
    viewer: Vec<String>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let matrix = matrix::matrix(&mut connection, &args.owner, &args.viewer).await?;
    context.output.report(&matrix)?;
    Ok(0)
}
