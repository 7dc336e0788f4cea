//! What suspend, activate and archive share.

use crate::commands::change::{Change, ChangeArgs, carry_out};
use crate::commands::{Context, losing, pick};
use crate::db::Transaction;
use crate::error::Result;
use crate::model::{TenantRef, TenantStatus};
use crate::ops::tenant::status::{StatusChange, change};

/// The arguments of a change of status.
#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    /// Slug or uuid; left out, a terminal offers a list
    tenant: Option<TenantRef>,

    #[command(flatten)]
    change: ChangeArgs,
}

/// Brings a tenant to `status`, which `verb` names in messages; asks before something is taken away.
pub(super) async fn run(
    args: &StatusArgs,
    context: &Context,
    status: TenantStatus,
    verb: &str,
) -> Result<u8> {
    let mut connection = context.connect().await?;
    let place = connection.settings.describe();
    let mut tenancy = context.tenancy(&mut connection);
    let tenant = pick::tenant(context, &mut tenancy, args.tenant.as_ref(), "TENANT").await?;
    let question = |preview: &StatusChange| losing::tenant_question(&preview.change, verb, &place);
    let work = async |tx: &Transaction<'_>| change(tx, &tenant, status).await;
    let change = Change {
        what: &format!("could not {verb} the tenant"),
        args: args.change,
        question: Some(&question),
    };
    carry_out(context, &mut tenancy, change, work).await
}
