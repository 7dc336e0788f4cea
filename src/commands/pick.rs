//! Has a person choose the tenant or user that an argument leaves out.

use super::Context;
use crate::db::Transaction;
use crate::error::{Error, Result};
use crate::model::{TenantRef, UserRef};
use crate::ops::admins;
use crate::ops::find::{Person, people, tenants};
use crate::ops::tenancy::{Fault, Tenancy};
use crate::ops::user::list::{Filter, list};

/// The tenant that is given, else the one that is chosen.
pub(super) async fn tenant(
    context: &Context,
    tenancy: &mut Tenancy<'_>,
    given: Option<&TenantRef>,
    flag: &str,
) -> Result<TenantRef> {
    if let Some(given) = given {
        return Ok(given.clone());
    }
    if !context.prompt.has_terminal() {
        return Err(missing("tenant", flag));
    }
    let list = async |tx: &Transaction<'_>| tenants::known(tx).await;
    let known = tenancy.read("could not list the tenants", list).await?;
    let items: Vec<_> = known
        .iter()
        .map(|tenant| format!("{}  {}", tenant.slug, tenant.name))
        .collect();
    let chosen = context.prompt.pick("Tenant", &items, flag)?;
    let chosen = known.get(chosen).map(|tenant| TenantRef::Id(tenant.id));
    chosen.ok_or_else(|| missing("tenant", flag))
}

/// The tenant that is given, else the only one that users could be meant for, else the one that is chosen.
pub(super) async fn home(
    context: &Context,
    tenancy: &mut Tenancy<'_>,
    given: Option<&TenantRef>,
) -> Result<TenantRef> {
    match only_home(tenancy, given).await? {
        Some(only) => Ok(only),
        None => tenant(context, tenancy, given, "--tenant").await,
    }
}

/// The tenant that is given, else the only one beside the platform that is not closed; nothing if there are several.
pub(super) async fn only_home(
    tenancy: &mut Tenancy<'_>,
    given: Option<&TenantRef>,
) -> Result<Option<TenantRef>> {
    if given.is_some() {
        return Ok(given.cloned());
    }
    let list = async |tx: &Transaction<'_>| tenants::known(tx).await;
    let known = tenancy.read("could not list the tenants", list).await?;
    let mut homes = known.iter().filter(|tenant| {
        !tenant.is_platform() && !matches!(tenant.status.as_deref(), Some("archived" | "deleted"))
    });
    Ok(match (homes.next(), homes.next()) {
        (Some(only), None) => Some(TenantRef::Id(only.id)),
        _ => None,
    })
}

/// The users that are given, else the one that is chosen from all.
pub(super) async fn users(
    context: &Context,
    tenancy: &mut Tenancy<'_>,
    given: &[UserRef],
) -> Result<Vec<UserRef>> {
    choose(context, tenancy, given, async |tx: &Transaction<'_>| {
        people::known(tx).await
    })
    .await
}

/// The users that are given, else the one that is chosen from the members of a tenant.
pub(super) async fn members(
    context: &Context,
    tenancy: &mut Tenancy<'_>,
    given: &[UserRef],
    tenant: &TenantRef,
) -> Result<Vec<UserRef>> {
    let filter = Filter {
        tenant: Some(tenant.clone()),
        ..Filter::default()
    };
    let members = async |tx: &Transaction<'_>| {
        let members = list(tx, &filter).await?.memberships;
        let members = members.into_iter().filter(|member| member.status != "removed");
        Ok(members.map(|member| member.user).collect())
    };
    choose(context, tenancy, given, members).await
}

/// The users that are given, else the one that is chosen from the platform admins.
pub(super) async fn admins(
    context: &Context,
    tenancy: &mut Tenancy<'_>,
    given: &[UserRef],
) -> Result<Vec<UserRef>> {
    let admins = async |tx: &Transaction<'_>| {
        let admins = admins::list(tx).await?.admins;
        Ok(admins.into_iter().map(|admin| admin.user).collect())
    };
    choose(context, tenancy, given, admins).await
}

async fn choose(
    context: &Context,
    tenancy: &mut Tenancy<'_>,
    given: &[UserRef],
    known: impl AsyncFn(&Transaction<'_>) -> Result<Vec<Person>, Fault>,
) -> Result<Vec<UserRef>> {
    if !given.is_empty() {
        return Ok(given.to_vec());
    }
    if !context.prompt.has_terminal() {
        return Err(missing("user", "USER"));
    }
    let known = tenancy.read("could not list the users", known).await?;
    if known.is_empty() {
        return Err(Error::failed("there is no user to choose from").with_hint("nothing was changed"));
    }
    let items: Vec<_> = known.iter().map(Person::full_name).collect();
    let chosen = context.prompt.pick("User", &items, "USER")?;
    let chosen = known.get(chosen).map(|user| UserRef::Id(user.id));
    Ok(vec![chosen.ok_or_else(|| missing("user", "USER"))?])
}

fn missing(what: &str, flag: &str) -> Error {
    Error::usage(format!(
        "no {what} is given, and there is no terminal to choose one on"
    ))
    .with_hint(format!("nothing was changed; pass {flag}"))
}
