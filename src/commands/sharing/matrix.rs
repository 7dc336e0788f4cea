//! `vital sharing matrix`: what each tenant sees of each other tenant's agents.

use super::empty::EmptyArgs;
use super::picture::{AGENTS_ON_A_PAGE, PictureArgs, save};
use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::Result;
use crate::ops::sharing;
use crate::ops::sharing::catalogue::catalogue;
use crate::ops::sharing::matrix;
use crate::render::page::Facts;
use crate::render::{page, picture};

/// The arguments of `vital sharing matrix`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7))]
pub struct Args {
    /// Only these owners: slugs or uuids
    #[arg(long, value_name = "TENANT", value_delimiter = ',')]
    owner: Vec<String>,

    /// Only these viewers: slugs or uuids
    #[arg(long, value_name = "TENANT", value_delimiter = ',')]
    viewer: Vec<String>,

    #[command(flatten)]
    empty: EmptyArgs,

    /// Pages and pictures.
    #[command(flatten)]
    pictures: PictureArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let is_page = args.pictures.html.is_some();
    let (matrix, catalogue) = sharing::read(&mut connection, matrix::TASK, async |tx| {
        let matrix = matrix::matrix(tx, &args.owner, &args.viewer).await?;
        let catalogue = match is_page {
            true => Some(catalogue(tx, matrix.owner_ids().as_deref(), AGENTS_ON_A_PAGE).await?),
            false => None,
        };
        Ok((matrix, catalogue))
    })
    .await?;
    let filter = matrix.filter();
    let is_empty = !filter.is_empty() && matrix.accesses().next().is_none();
    args.empty.check(
        is_empty,
        "nobody sees an agent of these owners, or these viewers see none",
    )?;
    let facts = Facts::now(&connection.settings.describe(), filter);
    if let Some(path) = &args.pictures.svg {
        save(context, path, &picture::heat_map(&matrix, &facts.line()).file())?;
    }
    if let (Some(path), Some(catalogue)) = (&args.pictures.html, catalogue) {
        save(context, path, &page::matrix(&matrix, &catalogue, &facts))?;
    }
    context.output.report(&matrix)?;
    Ok(0)
}
