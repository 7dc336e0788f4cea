//! `vital migrate up`: applies what is pending.

use super::{Online, consent, plan};
use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::Result;
use crate::ops::migrate::session::Session;
use crate::ops::migrate::{embedded, up};

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
    let assessment = up::assess(&connection, target).await?;
    if let Some(facts) = &assessment.facts {
        facts.check()?;
    }
    for remark in assessment.remarks() {
        context.output.note(&remark);
    }
    let leftovers = assessment.leftovers();
    if !args.replace_policies && !leftovers.is_empty() {
        consent::ask(context, &connection.settings.describe(), &leftovers)?;
    }
    let session = Session {
        connection: &mut connection,
        observer: &context.progress,
        interrupt: &context.interrupt,
    };
    let report = up::apply(session, &assessment, args.online.into(), &leftovers).await?;
    context.output.report(&report)?;
    Ok(0)
}
