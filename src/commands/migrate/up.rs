//! `vital migrate up`: applies what is pending.

use super::{Online, consent, plan};
use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::Result;
use crate::ops::migrate::restore::{self, Archived};
use crate::ops::migrate::{audience, embedded, up};
use crate::ops::verify;

/// The arguments of `vital migrate up`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(5 6 7 8))]
pub struct Args {
    /// Stop after this migration: its version, or its number from 1
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,

    /// Show what would be done instead of doing it
    #[arg(long)]
    dry_run: bool,

    /// Replace policies on the tenancy tables that vital does not know, keeping their definitions
    #[arg(long)]
    replace_policies: bool,

    /// Put back the data that `down` archived
    #[arg(long)]
    restore: bool,

    /// Leave that data in the archive: agents become the platform's and visible to everybody, as with a first `up`
    #[arg(long, conflicts_with = "restore")]
    no_restore: bool,

    /// Prepare `agents` beforehand without blocking anybody
    #[arg(long, value_enum, default_value_t)]
    online: Online,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let target = args.to.as_deref().map(embedded::version).transpose()?;
    if args.dry_run {
        return plan::show(context, target, args.online.into(), false).await;
    }
    let mut connection = context.connect().await?;
    let mut assessment = up::assess(&mut connection, target).await?;
    assessment.check()?;
    for change in assessment.changes() {
        context.output.note(&change);
    }
    for change in audience::read(&mut connection, &assessment).await?.changes() {
        context.output.warn(&change);
    }
    for remark in assessment.remarks() {
        context.output.note(&remark);
    }
    assessment.restore = wants_restore(args, context, &assessment.archived)?;
    let leftovers = assessment.leftovers();
    if !args.replace_policies && !leftovers.is_empty() {
        consent::ask(context, &connection.settings.describe(), &leftovers)?;
    }
    let report = up::apply(
        &mut connection,
        &assessment,
        args.online.into(),
        &leftovers,
        verify::differences,
    )
    .await?;
    context.output.report(&report)?;
    Ok(0)
}

/// Decides whether archived data is put back, asking where no flag says.
fn wants_restore(args: &Args, context: &Context, archived: &[Archived]) -> Result<bool> {
    let Some(first) = archived.first() else {
        if args.restore {
            context
                .output
                .note("no pending migration has archived data to be put back");
        }
        return Ok(false);
    };
    if args.restore || args.no_restore {
        return Ok(args.restore);
    }
    let question = format!(
        "put back what was archived on {}: {}?\nWithout it every agent becomes the platform's and visible to everybody",
        first.begun_at,
        restore::summary(archived)
    );
    context.prompt.confirm(&question, "--restore` or `--no-restore")
}
