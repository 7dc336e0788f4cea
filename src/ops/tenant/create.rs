//! Creates a tenant.

use super::assignment::Assignment;
use super::column::check;
use super::write::{TenantChange, insert, write};
use crate::db::Transaction;
use crate::error::Error;
use crate::model::{TenantRef, TenantSlug, TenantType};
use crate::ops::find::tenants;
use crate::ops::tenancy::Fault;

/// A tenant to create.
#[derive(Debug, Clone)]
pub struct NewTenant {
    /// The slug, by which it is named from then on.
    pub slug: TenantSlug,
    /// The name.
    pub name: String,
    /// The type.
    pub kind: TenantType,
    /// Further columns.
    pub assignments: Vec<Assignment>,
}

impl NewTenant {
    fn columns(&self) -> Vec<Assignment> {
        let own = [
            ("slug", self.slug.as_str()),
            ("name", self.name.as_str()),
            ("type", self.kind.as_str()),
        ];
        let own = own.map(|(column, value)| Assignment::column(column, Some(value.to_owned())));
        own.into_iter().chain(self.assignments.iter().cloned()).collect()
    }
}

/// Creates the tenant. If it is there already, exactly as asked for, nothing changes.
///
/// # Errors
/// A refusal if a tenant with this slug is there already and differs.
pub async fn create(transaction: &Transaction<'_>, new: &NewTenant) -> Result<TenantChange, Fault> {
    check(transaction, &new.columns()).await?;
    let existing = tenants::look_up(transaction, &[TenantRef::Slug(new.slug.clone())]).await?;
    let Some(tenant) = existing.into_iter().flatten().next() else {
        return insert(transaction, &new.columns()).await;
    };
    let change = write(transaction, tenant.id, &new.columns()).await?;
    if change.changed.is_empty() {
        return Ok(change);
    }
    let differing: Vec<_> = change.changed.iter().map(|given| given.column.as_str()).collect();
    Err(
        Error::failed(format!("tenant `{}` exists already and differs", new.slug))
            .with_detail(format!("in {}", differing.join(", ")))
            .with_hint(format!(
                "nothing was changed; `vital tenant update {}` changes it",
                new.slug
            ))
            .into(),
    )
}
