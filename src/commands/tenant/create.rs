//! `vital tenant create`: a new tenant.

use crate::cli::exit_codes;
use crate::commands::change::{Change, ChangeArgs, carry_out};
use crate::commands::{Context, word};
use crate::db::Transaction;
use crate::error::Result;
use crate::model::{TenantSlug, TenantType};
use crate::ops::tenant::create::{NewTenant, create};
use crate::ops::tenant::{Assignment, TenantChange};

/// The arguments of `vital tenant create`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7 8))]
pub struct Args {
    /// Slug: lower-case letters and digits, words joined by hyphens
    slug: TenantSlug,

    /// Name
    #[arg(long)]
    name: String,

    /// Type
    #[arg(long = "type", default_value = "client", value_parser = word!(TenantType))]
    kind: TenantType,

    /// Further columns, such as industry=pharma, quotas.max_users=50, branding.colors.primary='"#fff"'
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<Assignment>,

    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let new = NewTenant {
        slug: args.slug.clone(),
        name: args.name.clone(),
        kind: args.kind,
        assignments: args.set.clone(),
    };
    let mut connection = context.connect().await?;
    let mut tenancy = context.tenancy(&mut connection);
    let work = async |tx: &Transaction<'_>| create(tx, &new).await;
    let change = Change::<TenantChange> {
        what: &format!("could not create tenant `{}`", args.slug),
        args: args.change,
        question: None,
    };
    carry_out(context, &mut tenancy, change, work).await
}
