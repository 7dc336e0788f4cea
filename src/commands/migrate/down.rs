//! `vital migrate down`: undoes migrations, keeping what they remove.

use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::Result;
use crate::ops::migrate::down::{self, Assessment};
use crate::ops::migrate::{embedded, foreign};

/// The arguments of `vital migrate down`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(5 6 7 8))]
pub struct Args {
    /// The last migration that stays applied: its version, its number from 1, or 0 to undo all
    #[arg(long, value_name = "VERSION")]
    to: String,

    /// Show what would be removed and archived instead of doing it
    #[arg(long)]
    dry_run: bool,

    /// Create the policies on `agents` again that the migrations replaced; they let more people see more
    #[arg(long)]
    restore_policies: bool,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let target = match args.to.as_str() {
        "0" => 0,
        text => embedded::version(text)?,
    };
    let mut connection = context.connect().await?;
    let assessment = down::assess(&mut connection, target, args.restore_policies).await?;
    if args.dry_run {
        context.output.report(&assessment.plan())?;
        return Ok(0);
    }
    if !assessment.dependents.is_empty() {
        return Err(foreign::refusal(&assessment.dependents));
    }
    if !assessment.undone.is_empty() {
        confirm(context, &connection.settings.describe(), &assessment)?;
    }
    let report = down::undo(&mut connection, &assessment).await?;
    context.output.report(&report)?;
    Ok(0)
}

/// Shows what goes, and goes on only after the database's name was typed.
fn confirm(context: &Context, place: &str, assessment: &Assessment) -> Result<()> {
    for warning in assessment.warnings() {
        context.output.warn(&warning);
    }
    let question = format!("undo {} on {place}?", assessment.what());
    let database = &assessment.facts.database;
    context.prompt.require_typed(&question, database, "--yes")
}
