//! Changes columns of a tenant.

use super::assignment::Assignment;
use super::column::check;
use super::write::{TenantChange, write};
use crate::db::Transaction;
use crate::error::Error;
use crate::model::TenantRef;
use crate::ops::find::tenants;
use crate::ops::tenancy::Fault;

const SEEDED_SLUG: &str = include_str!("../../../sql/admin/seeded_slug.sql");

/// Changes what `assignments` say, and nothing if it is up to date.
///
/// # Errors
/// A refusal of an unknown tenant or column, of a value that the column cannot hold, of another id, and of another slug for a
/// tenant that the migrations seed.
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
    if assignments
        .iter()
        .any(|assignment| assignment.column == "slug" && assignment.value.as_deref() != Some(&tenant.slug))
    {
        let seeded = transaction.query_opt(SEEDED_SLUG, &[&tenant.id.0]).await?;
        if seeded.is_some_and(|row| row.get::<_, &str>("slug") == tenant.slug) {
            return Err(Error::failed(format!("tenant `{}` keeps its slug", tenant.slug))
                .with_hint("nothing was changed; migrations and `vital verify` know it by this slug, and `--set name=...` changes what people read")
                .into());
        }
    }
    check(transaction, assignments).await?;
    write(transaction, tenant.id, assignments).await
}
