//! `vital revoke-admin`: takes platform admin from users.

use super::change::{Change, ChangeArgs, Question, carry_out};
use super::{Context, pick};
use crate::cli::exit_codes;
use crate::db::Transaction;
use crate::error::Result;
use crate::model::UserRef;
use crate::ops::admins::{AdminChanges, revoke};
use crate::ops::find::{Person, people};

/// The arguments of `vital revoke-admin`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7 8))]
pub struct Args {
    /// E-mail addresses or uuids; left out, a terminal offers the admins
    users: Vec<UserRef>,

    /// Leave the platform without an admin if it comes to that
    #[arg(long)]
    allow_no_admin: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let place = connection.settings.describe();
    let mut tenancy = context.tenancy(&mut connection);
    let users = pick::admins(context, &mut tenancy, &args.users).await?;
    let question = |preview: &AdminChanges| {
        let changed = preview.users.iter().filter(|user| user.changed);
        let names: Vec<_> = changed.map(|user| user.user.full_name()).collect();
        Some(Question {
            details: Vec::new(),
            text: format!("revoke platform admin from {} in {place}?", names.join(", ")),
        })
    };
    let work = async |tx: &Transaction<'_>| {
        let users = Person::once(people::find_to_revoke(tx, &users).await?);
        revoke(tx, &users, args.allow_no_admin).await
    };
    let change = Change {
        what: "could not revoke platform admin",
        args: args.change,
        question: Some(&question),
    };
    carry_out(context, &mut tenancy, change, work).await
}
