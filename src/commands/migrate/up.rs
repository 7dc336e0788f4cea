//! `vital migrate up`: applies what is pending.

use super::{Online, plan};
use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::{Error, Result};
use crate::ops::migrate::policies::Policy;
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
        ask(context, &connection.settings.describe(), &leftovers)?;
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

/// Shows the leftover policies and goes on only after a yes.
fn ask(context: &Context, place: &str, leftovers: &[Policy]) -> Result<()> {
    let count = match leftovers.len() {
        1 => "1 policy that vital does not know widens access".to_owned(),
        count => format!("{count} policies that vital does not know widen access"),
    };
    let lines = leftovers.iter().flat_map(|policy| {
        let named = format!("policy \"{}\" {}", policy.name, policy.opens());
        [named, policy.definition()]
    });
    if !context.prompt.can_answer() {
        let mut error = Error::failed(count).with_hint(
            "nothing was changed; give --replace-policies to replace them, keeping their definitions",
        );
        error.details.extend(lines);
        return Err(error);
    }
    context.output.warn(&count);
    lines.for_each(|line| context.output.line(&line));
    let question = format!("replace them on {place}, keeping their definitions?");
    context.prompt.require(&question, "--replace-policies")
}
