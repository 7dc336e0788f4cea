//! What suspend, activate and archive share.

use tokio_postgres::Transaction;

use crate::commands::change::{Change, ChangeArgs, carry_out};
use crate::commands::{Context, pick};
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
    let question = |preview: &StatusChange| {
        let lines = preview.impact.iter().flat_map(|impact| impact.lines());
        let lines: String = lines.map(|line| format!("  {line}\n")).collect();
        let tenant = &preview.change.tenant;
        format!(
            "{lines}{verb} tenant `{}` ({}) in {place}?",
            tenant.slug, tenant.name
        )
    };
    let work = async |tx: &Transaction<'_>| change(tx, &tenant, status).await;
    let change = Change {
        what: &format!("could not {} the tenant", verb.to_lowercase()),
        args: args.change,
        question: (status != TenantStatus::Active).then_some(&question as &dyn Fn(&_) -> _),
    };
    carry_out(context, &mut tenancy, change, work).await
}
