//! What `set`, `share` and `unshare` have in common: the choice of agents, and showing before asking.

use crate::commands::Context;
use crate::error::Result;
use crate::ops::sharing::change::{self, Choice, Verb};
use crate::render::table;

/// Which agents; named ones, or all that fit every filter.
#[derive(Debug, clap::Args)]
pub struct ChoiceArgs {
    /// Agents: uuids, slugs or unique names
    #[arg(value_name = "AGENT", required_unless_present_any = ["category", "owned_by", "name"])]
    agents: Vec<String>,

    /// Agents of this category
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,

    /// Agents of this tenant
    #[arg(long, value_name = "TENANT")]
    owned_by: Option<String>,

    /// Agents with such a name; `*` is any text, `?` any character
    #[arg(long, value_name = "GLOB")]
    name: Option<String>,

    /// Show who would gain and who would lose, and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Shows what the change does, asks, and makes it.
pub(super) async fn run(args: &ChoiceArgs, verb: &Verb, context: &Context) -> Result<u8> {
    let choice = Choice {
        agents: args.agents.clone(),
        category: args.category.clone(),
        owned_by: args.owned_by.clone(),
        name: args.name.clone(),
    };
    let mut connection = context.connect().await?;
    let mut change = change::plan(&mut connection, &choice, verb).await?;
    if args.dry_run || change.changed == 0 {
        context.output.report(&change)?;
        return Ok(0);
    }
    if !context.global.yes {
        let mut shown = Vec::new();
        // Writing to memory cannot fail.
        let _ = table::write(&change, None, &mut anstream::StripStream::new(&mut shown));
        context.output.line(&String::from_utf8_lossy(&shown));
        let question = format!(
            "change {} agents on {}?",
            change.changed,
            connection.settings.describe()
        );
        context.prompt.require(&question, "--yes")?;
    }
    change::apply(&mut context.tenancy(&mut connection), &mut change).await?;
    context.output.report(&change)?;
    Ok(0)
}
