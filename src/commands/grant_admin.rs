//! `vital grant-admin`: makes users platform admins.

use super::change::{Change, ChangeArgs, Question, carry_out};
use super::{Context, pick};
use crate::cli::exit_codes;
use crate::db::Transaction;
use crate::error::Result;
use crate::model::UserRef;
use crate::ops::admins::{AdminChanges, grant};
use crate::ops::find::{Person, people};

/// The arguments of `vital grant-admin`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7 8))]
pub struct Args {
    /// E-mail addresses or uuids; left out, a terminal offers a list
    users: Vec<UserRef>,

    /// The user on whose behalf it is granted, to be recorded as granted_by
    #[arg(long, value_name = "USER")]
    granted_by: Option<UserRef>,

    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let place = connection.settings.describe();
    let mut tenancy = context.tenancy(&mut connection);
    let users = pick::users(context, &mut tenancy, &args.users).await?;
    let question = |preview: &AdminChanges| {
        let changed = preview.users.iter().filter(|user| user.changed);
        let names: Vec<_> = changed.map(|user| user.user.full_name()).collect();
        Some(Question {
            details: preview.warnings(),
            text: format!(
                "grant platform admin, who sees and changes every tenant, to {} in {place}?",
                names.join(", ")
            ),
        })
    };
    let work = async |tx: &Transaction<'_>| {
        let granted_by = match &args.granted_by {
            Some(user) => Some(people::find_one(tx, user).await?),
            None => None,
        };
        grant(
            tx,
            &Person::once(people::find(tx, &users).await?),
            granted_by.as_ref(),
        )
        .await
    };
    let change = Change {
        what: "could not grant platform admin",
        args: args.change,
        question: Some(&question),
    };
    carry_out(context, &mut tenancy, change, work).await
}
