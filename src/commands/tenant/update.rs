//! `vital tenant update`: columns of a tenant.

use crate::cli::exit_codes;
use crate::commands::change::{Change, ChangeArgs, carry_out};
use crate::commands::{Context, losing, pick};
use crate::db::Transaction;
use crate::error::Result;
use crate::model::TenantRef;
use crate::ops::tenant::update::update;
use crate::ops::tenant::{Assignment, TenantChange};

/// The arguments of `vital tenant update`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7 8))]
pub struct Args {
    /// Slug or uuid; left out, a terminal offers a list
    tenant: Option<TenantRef>,

    /// Column, or path into a JSON column, such as branding.colors.primary='"#fff"'
    #[arg(long = "set", value_name = "KEY=VALUE", required_unless_present = "unset")]
    set: Vec<Assignment>,

    /// Column to make null, or key to take out of a JSON column
    #[arg(long, value_name = "KEY", value_parser = Assignment::unset)]
    unset: Vec<Assignment>,

    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let place = connection.settings.describe();
    let mut tenancy = context.tenancy(&mut connection);
    let tenant = pick::tenant(context, &mut tenancy, args.tenant.as_ref(), "TENANT").await?;
    let assignments: Vec<_> = args.unset.iter().chain(&args.set).cloned().collect();
    let question = |preview: &TenantChange| losing::tenant_question(preview, "take access from", &place);
    let work = async |tx: &Transaction<'_>| update(tx, &tenant, &assignments).await;
    let change = Change {
        what: "could not change the tenant",
        args: args.change,
        question: Some(&question),
    };
    carry_out(context, &mut tenancy, change, work).await
}
