//! `vital suspend-user`: takes access from members for a while.

use super::change::{Change, ChangeArgs, carry_out};
use super::{Context, losing, pick};
use crate::cli::exit_codes;
use crate::db::Transaction;
use crate::error::Result;
use crate::model::{TenantRef, UserRef};
use crate::ops::members::{self, Members, Request, change};

/// The arguments of `vital suspend-user`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7 8))]
pub struct Args {
    /// E-mail addresses or uuids; left out, a terminal offers a list
    users: Vec<UserRef>,

    /// Slug or uuid of the tenant; left out, a terminal offers a list
    #[arg(long)]
    tenant: Option<TenantRef>,

    /// Leave the tenant without an owner if it comes to that
    #[arg(long)]
    allow_no_owner: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let place = connection.settings.describe();
    let mut tenancy = context.tenancy(&mut connection);
    let tenant = pick::tenant(context, &mut tenancy, args.tenant.as_ref(), "--tenant").await?;
    let users = pick::members(context, &mut tenancy, &args.users, &tenant).await?;
    let question = |preview: &Members| losing::question(&preview.members, "suspend", &place);
    let work = async |tx: &Transaction<'_>| {
        let memberships = members::find(tx, &users, &tenant, Request::Suspend).await?;
        change(tx, &memberships, args.allow_no_owner).await
    };
    let change = Change {
        what: "could not suspend the users",
        args: args.change,
        question: Some(&question),
    };
    carry_out(context, &mut tenancy, change, work).await
}
