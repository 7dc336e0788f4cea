//! `vital user show`: the memberships and roles of a user.

use crate::cli::exit_codes;
use crate::commands::{Context, pick};
use crate::db::Transaction;
use crate::error::Result;
use crate::model::UserRef;
use crate::ops::user::show::show;

/// The arguments of `vital user show`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7))]
pub struct Args {
    /// E-mail address or uuid; left out, a terminal offers a list
    user: Option<UserRef>,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let mut tenancy = context.tenancy(&mut connection);
    let users = pick::users(context, &mut tenancy, args.user.as_slice()).await?;
    for user in &users {
        let read = async |tx: &Transaction<'_>| show(tx, user).await;
        let report = tenancy.read("could not show the user", read).await?;
        context.output.report(&report)?;
    }
    Ok(0)
}
