//! `vital sharing report`: how agents are owned and shared.

use clap::ValueEnum;

use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::Result;
use crate::ops::sharing::report;

/// The arguments of `vital sharing report`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(7))]
pub struct Args {
    /// What to group the agents by
    #[arg(long, value_enum, default_value_t)]
    by: By,
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
    let report = report::report(&mut connection, args.by.into()).await?;
    context.output.report(&report)?;
    Ok(0)
}
