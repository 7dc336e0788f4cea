//! `vital audit`: who changed tenants, memberships and roles.

use time::OffsetDateTime;

use super::Context;
use crate::cli::{LimitArgs, exit_codes};
use crate::db::Transaction;
use crate::error::Result;
use crate::model::moment::moment;
use crate::model::{TenantRef, UserRef};
use crate::ops::audit::{Filter, audit};

/// The arguments of `vital audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7))]
pub struct Args {
    /// Only what concerns this tenant, by slug or uuid
    #[arg(long)]
    tenant: Option<TenantRef>,

    /// Only what concerns this user, by e-mail address or uuid
    #[arg(long)]
    user: Option<UserRef>,

    /// Not before: a date, a time, or an age such as 90min or 7d
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<OffsetDateTime>,

    /// Before: a date, a time, or an age
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<OffsetDateTime>,

    /// Only actions that contain this, such as member, tenant_archived or role
    #[arg(long)]
    action: Option<String>,

    #[command(flatten)]
    limit: LimitArgs<100>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let filter = Filter {
        tenant: args.tenant.clone(),
        user: args.user.clone(),
        since: args.since,
        until: args.until,
        action: args.action.clone(),
        limit: args.limit.get(),
    };
    let mut connection = context.connect().await?;
    let read = async |tx: &Transaction<'_>| audit(tx, &filter).await;
    let report = context
        .tenancy(&mut connection)
        .read("could not read the audit", read)
        .await?;
    context.output.report(&report)?;
    Ok(0)
}
