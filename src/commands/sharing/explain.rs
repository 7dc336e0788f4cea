//! `vital sharing explain`: what somebody sees and by which rule, or why they do not.

use super::picture::{PictureArgs, save};
use crate::cli::{LimitArgs, exit_codes};
use crate::commands::Context;
use crate::error::Result;
use crate::ops::sharing::explain::{Question, explain};
use crate::render::page::Facts;
use crate::render::{page, picture};
use crate::report::asked;

/// The arguments of `vital sharing explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7))]
pub struct Args {
    /// Who looks: a uuid or an e-mail address
    #[arg(long, value_name = "USER", required_unless_present = "tenant")]
    user: Option<String>,

    /// The tenant that the user acts for, or whose members look: a slug or uuid
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,

    /// The agent to explain: a uuid, slug or unique name; without it everything that is visible
    #[arg(long, value_name = "AGENT", conflicts_with = "svg")]
    agent: Option<String>,

    /// Count to the end instead of saying `10000 or more`
    #[arg(long, conflicts_with = "agent")]
    exact: bool,

    #[command(flatten)]
    limit: LimitArgs<10>,

    /// Pages and pictures.
    #[command(flatten)]
    pictures: PictureArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let question = Question {
        user: args.user.as_deref(),
        tenant: args.tenant.as_deref(),
        agent: args.agent.as_deref(),
        exact: args.exact,
        limit: args.limit.get(),
    };
    let explanation = explain(&mut connection, question).await?;
    if let (Some(path), Some(sees)) = (&args.pictures.svg, &explanation.sees) {
        save(context, path, &picture::rules(&sees.rules).file())?;
    }
    if let Some(path) = &args.pictures.html {
        let facts = Facts::now(&connection.settings.describe(), args.filter());
        save(context, path, &page::explanation(&explanation, &facts))?;
    }
    context.output.report(&explanation)?;
    Ok(0)
}

impl Args {
    /// What was asked for, in words.
    fn filter(&self) -> String {
        let parts = [
            ("user", &self.user),
            ("tenant", &self.tenant),
            ("agent", &self.agent),
        ];
        asked(parts.map(|(name, value)| (name, value.clone())))
    }
}
