//! Changes columns of a tenant.

use super::assignment::Assignment;
use super::write::{TenantChange, write};
use crate::db::Transaction;
use crate::error::Error;
use crate::model::TenantRef;
use crate::ops::find::tenants;
use crate::ops::tenancy::Fault;

/// Changes what `assignments` say, and nothing if it is up to date.
///
/// # Errors
/// A refusal of an unknown tenant or column, of a value that the column cannot hold, and of another id.
pub async fn update(
    transaction: &Transaction<'_>,
    tenant: &TenantRef,
    assignments: &[Assignment],
) -> Result<TenantChange, Fault> {
    let tenant = tenants::find(transaction, tenant).await?;
    if assignments.iter().any(|assignment| assignment.column == "id") {
        return Err(Error::usage("a tenant keeps its id")
            .with_hint("nothing was changed; members, agents and the audit refer to it")
            .into());
    }
    write(transaction, tenant.id, assignments).await
}
