//! `vital assign-user`: makes users members of a tenant.

use std::path::PathBuf;

use super::change::{Change, ChangeArgs, Question, carry_out};
use super::{Context, file, pick, word};
use crate::cli::exit_codes;
use crate::db::Transaction;
use crate::error::Result;
use crate::model::{Role, TenantRef, UserRef};
use crate::ops::members::{self, Members, Request, change};
use crate::ops::roster::{self, Defaults, Roster};
use crate::ops::tenancy::Tenancy;

/// The arguments of `vital assign-user`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7 8))]
pub struct Args {
    /// E-mail addresses or uuids; left out, a terminal offers a list
    users: Vec<UserRef>,

    /// Slug or uuid of the tenant
    #[arg(long, default_value = "digital-health-startup")]
    tenant: TenantRef,

    /// What they may do
    #[arg(long, default_value = "member", value_parser = word!(Role))]
    role: Role,

    /// Invite them instead: no access before they are assigned
    #[arg(long, conflicts_with = "file")]
    invite: bool,

    /// CSV with a header or YAML list of user and, where they differ, tenant and role; - is CSV on stdin
    #[arg(long, value_name = "PATH", conflicts_with = "users")]
    file: Option<PathBuf>,

    /// Leave a tenant without an owner if it comes to that
    #[arg(long)]
    allow_no_owner: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    // A file that cannot be read needs no server to be refused.
    let text = args.file.as_deref().map(file::read).transpose()?;
    let mut connection = context.connect().await?;
    let mut tenancy = context.tenancy(&mut connection);
    if let Some((text, name)) = text {
        return from_file(args, context, &mut tenancy, &text, &name).await;
    }
    let users = pick::users(context, &mut tenancy, &args.users).await?;
    let request = match args.invite {
        true => Request::Invite(args.role),
        false => Request::Assign(args.role),
    };
    let work = async |tx: &Transaction<'_>| {
        let memberships = members::find(tx, &users, &args.tenant, request).await?;
        change(tx, &memberships, args.allow_no_owner).await
    };
    let change = Change::<Members> {
        what: "could not assign the users",
        args: args.change,
        question: None,
    };
    carry_out(context, &mut tenancy, change, work).await
}

async fn from_file(
    args: &Args,
    context: &Context,
    tenancy: &mut Tenancy<'_>,
    text: &str,
    name: &str,
) -> Result<u8> {
    let defaults = Defaults {
        tenant: args.tenant.clone(),
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
        Question {
            details: details.collect(),
            text: format!("assign the users of {name} in {place}?"),
        }
    };
    let work = async |tx: &Transaction<'_>| {
        let memberships = roster::memberships(tx, name, &lines).await?;
        let members = change(tx, &memberships, args.allow_no_owner).await?;
        Ok(Roster::of(&members))
    };
    let change = Change {
        what: &format!("could not assign the users of {name}"),
        args: args.change,
        question: Some(&question),
    };
    carry_out(context, tenancy, change, work).await
}
