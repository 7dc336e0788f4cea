//! `vital sharing report`: how agents are owned and shared.

use clap::ValueEnum;

use super::picture::{AGENTS_ON_A_PAGE, PictureArgs, save};
use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::Result;
use crate::ops::sharing;
use crate::ops::sharing::audit::{Filter, Trail};
use crate::ops::sharing::catalogue::catalogue;
use crate::ops::sharing::matrix::matrix;
use crate::ops::sharing::report;
use crate::ops::sharing::timeline::timeline;
use crate::render::page::Facts;
use crate::render::{page, picture};

/// The arguments of `vital sharing report`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7))]
pub struct Args {
    /// What to group the agents by
    #[arg(long, value_enum, default_value_t)]
    by: By,

    /// Pages and pictures.
    #[command(flatten)]
    pictures: PictureArgs,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum By {
    /// The owning tenant, with what it receives and sees
    #[default]
    Tenant,
    /// Their category
    Category,
    /// Their resource type
    ResourceType,
}

impl From<By> for report::By {
    fn from(by: By) -> Self {
        match by {
            By::Tenant => Self::Tenant,
            By::Category => Self::Category,
            By::ResourceType => Self::ResourceType,
        }
    }
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let is_page = args.pictures.html.is_some();
    let (report, page) = sharing::read(&mut connection, report::TASK, async |tx| {
        let report = report::report(tx, args.by.into()).await?;
        if !is_page {
            return Ok((report, None));
        }
        let matrix = matrix(tx, &[], &[]).await?;
        let trail = Trail::find(tx, &Filter::default()).await?;
        let timeline = timeline(tx, &trail).await?;
        let catalogue = catalogue(tx, None, AGENTS_ON_A_PAGE).await?;
        Ok((report, Some((matrix, timeline, catalogue))))
    })
    .await?;
    if let Some(path) = &args.pictures.svg {
        save(context, path, &picture::bars(&report.tenants).file())?;
    }
    if let (Some(path), Some((matrix, timeline, catalogue))) = (&args.pictures.html, page) {
        let facts = Facts::now(&connection.settings.describe(), "");
        save(
            context,
            path,
            &page::overview(&report, &matrix, &timeline, &catalogue, &facts),
        )?;
    }
    context.output.report(&report)?;
    Ok(0)
}
