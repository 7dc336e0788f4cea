//! `vital assign-user`: makes users members of a tenant.

use std::path::PathBuf;

use super::change::{Change, ChangeArgs, Question, carry_out};
use super::{Context, file, losing, pick, word};
use crate::cli::exit_codes;
use crate::db::Transaction;
use crate::error::Result;
use crate::model::{Role, TenantRef, UserRef};
use crate::ops::members::{self, Members, Membership, Request, change};
use crate::ops::roster::{self, Defaults, Roster};
use crate::ops::tenancy::{Fault, Tenancy};

/// The arguments of `vital assign-user`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7 8))]
pub struct Args {
    /// E-mail addresses or uuids; left out, a terminal offers a list
    users: Vec<UserRef>,

    /// Slug or uuid of the tenant [default: the only one beside the platform; of several, a terminal offers a list]
    #[arg(long)]
    tenant: Option<TenantRef>,

    /// What they may do [default: what they may already, else member]
    #[arg(long, value_parser = word!(Role))]
    role: Option<Role>,

    /// Invite them instead: no access before they are assigned
    #[arg(long, conflicts_with = "file")]
    invite: bool,

    /// CSV with a header or YAML list of user and, where they differ, tenant and role; - is CSV on stdin
    #[arg(long, value_name = "PATH", conflicts_with = "users")]
    file: Option<PathBuf>,

    /// Leave a tenant without an owner if it comes to that
    #[arg(long)]
    allow_no_owner: bool,

    /// Refuse members beyond the tenant's quota, max_users, instead of warning
    #[arg(long)]
    enforce: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    // A file that cannot be read needs no server to be refused.
    let text = args.file.as_deref().map(file::read).transpose()?;
    let mut connection = context.connect().await?;
    let place = connection.settings.describe();
    let mut tenancy = context.tenancy(&mut connection);
    if let Some((text, name)) = text {
        return from_file(args, context, &mut tenancy, &text, &name).await;
    }
    let tenant = pick::home(context, &mut tenancy, args.tenant.as_ref()).await?;
    let users = pick::users(context, &mut tenancy, &args.users).await?;
    let request = match args.invite {
        true => Request::Invite(args.role),
        false => Request::Assign(args.role),
    };
    let work = async |tx: &Transaction<'_>| {
        let memberships = members::find(tx, &users, &tenant, request).await?;
        assign(tx, &memberships, args).await
    };
    let question = |preview: &Members| losing::question(&preview.members, "demote", &place);
    let change = Change {
        what: "could not assign the users",
        args: args.change,
        question: Some(&question),
    };
    carry_out(context, &mut tenancy, change, work).await
}

/// Makes the change, minding quotas if that is asked for.
async fn assign(
    transaction: &Transaction<'_>,
    memberships: &[Membership],
    args: &Args,
) -> Result<Members, Fault> {
    let members = change(transaction, memberships, args.allow_no_owner).await?;
    match args.enforce {
        true => Ok(members.within_quota()?),
        false => Ok(members),
    }
}

async fn from_file(
    args: &Args,
    context: &Context,
    tenancy: &mut Tenancy<'_>,
    text: &str,
    name: &str,
) -> Result<u8> {
    let defaults = Defaults {
        tenant: pick::only_home(tenancy, args.tenant.as_ref()).await?,
        role: args.role,
    };
    let lines = match file::is_yaml(name) {
        true => roster::from_yaml(text, name, &defaults)?,
        false => roster::from_csv(text, name, &defaults)?,
    };
    let place = tenancy.connection.settings.describe();
    let question = |preview: &Roster| {
        let details = preview.tallies.iter().map(|tally| {
            format!(
                "{} {}: {} added, {} changed, {} unchanged",
                tally.tenant, tally.role, tally.added, tally.changed, tally.unchanged
            )
        });
        let losing = losing::question(&preview.losing, "demote", &place);
        let losing = losing.into_iter().flat_map(|question| question.details);
        Some(Question {
            details: details.chain(losing).collect(),
            text: format!("assign the users of {name} in {place}?"),
        })
    };
    let work = async |tx: &Transaction<'_>| {
        let memberships = roster::memberships(tx, name, &lines).await?;
        let members = assign(tx, &memberships, args).await?;
        Ok(Roster::of(&members))
    };
    let change = Change {
        what: &format!("could not assign the users of {name}"),
        args: args.change,
        question: Some(&question),
    };
    carry_out(context, tenancy, change, work).await
}
