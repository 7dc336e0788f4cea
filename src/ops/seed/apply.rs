//! Brings the database to what a file says, and never deletes.

use serde::Serialize;

use super::file::{SeedFile, SeedTenant};
use super::value::Given;
use crate::db::Transaction;
use crate::error::Error;
use crate::model::{TenantRef, UserRef};
use crate::ops::find::{people, tenants};
use crate::ops::members::{self, Member, Membership, Request};
use crate::ops::tenancy::{Fault, Outcome};
use crate::ops::tenant::status::Impact;
use crate::ops::tenant::{Assignment, TenantChange, insert, write};
use crate::ops::{admins, tenant};
use crate::report::{Cell, Columns, Report, Table, Tone};

/// What becomes of something in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is new.
    Create,
    /// It differs.
    Change,
    /// It is already as the file says.
    Unchanged,
}

/// A tenant, a member or an admin of the file.
#[derive(Debug, Serialize)]
pub struct Item {
    /// `tenant`, `member` or `platform_admin`.
    pub kind: &'static str,
    /// The slug, but for an admin.
    pub tenant: Option<String>,
    /// The user's address or id, but for a tenant.
    pub user: Option<String>,
    /// What becomes of it.
    pub action: Action,
    /// What changes, in words.
    pub details: Vec<String>,
}

/// The plan, or what was done.
#[derive(Debug, Serialize)]
pub struct Seeded {
    /// Whether this is only what would happen.
    pub dry_run: bool,
    /// In the order of the file.
    pub items: Vec<Item>,
}

impl Seeded {
    fn count(&self, action: Action) -> usize {
        self.items.iter().filter(|item| item.action == action).count()
    }

    /// What is not unchanged, line by line, fifty at most.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let changing = self.items.iter().filter(|item| item.action != Action::Unchanged);
        let line = |item: &Item| {
            let verb = if item.action == Action::Create {
                "create"
            } else {
                "change"
            };
            let names: Vec<_> = item.tenant.iter().chain(&item.user).map(String::as_str).collect();
            let kind = item.kind.replace('_', " ");
            match item.details.is_empty() {
                true => format!("{verb} {kind} {}", names.join(" ")),
                false => format!("{verb} {kind} {}: {}", names.join(" "), item.details.join(", ")),
            }
        };
        let mut lines: Vec<_> = changing.map(line).collect();
        if lines.len() > 50 {
            let more = lines.len() - 50;
            lines.truncate(50);
            lines.push(format!("and {more} more"));
        }
        lines
    }
}

impl Outcome for Seeded {
    fn changes(&self) -> usize {
        self.items.len() - self.count(Action::Unchanged)
    }

    fn mark_preview(&mut self) {
        self.dry_run = true;
    }
}

impl Report for Seeded {
    const SCHEMA: &'static str = "vital.seeded/1";

    fn table(&self) -> Table {
        Columns::of(&self.items)
            .column("kind", |item| Cell::text(item.kind))
            .column("tenant", |item| Cell::optional(item.tenant.as_deref()))
            .column("user", |item| Cell::optional(item.user.as_deref()))
            .column("action", |item| match item.action {
                Action::Create => Cell::text("create").tone(Tone::Good),
                Action::Change => Cell::text("change").tone(Tone::Warn),
                Action::Unchanged => Cell::text("unchanged").tone(Tone::Dim),
            })
            .column("details", |item| Cell::text(item.details.join(", ")))
            .table()
    }

    fn summary(&self) -> Vec<String> {
        let (create, change) = (self.count(Action::Create), self.count(Action::Change));
        let unchanged = self.count(Action::Unchanged);
        vec![match (create + change, self.dry_run) {
            (0, _) if unchanged == 0 => "nothing to do: the file is empty".to_owned(),
            (0, _) => format!("nothing to do: all {unchanged} are already up to date"),
            (_, true) => format!(
                "would create {create} and change {change}, {unchanged} unchanged; nothing was changed"
            ),
            (_, false) => format!("created {create} and changed {change}, {unchanged} unchanged"),
        }]
    }
}

/// Brings the database to what the file says, all of it or nothing.
///
/// # Errors
/// A refusal of an unknown user, of a new tenant without a name, of a parent that is not there, and of leaving a tenant
/// without an owner unless `allow_no_owner` is set.
pub async fn seed(
    transaction: &Transaction<'_>,
    file: &SeedFile,
    allow_no_owner: bool,
) -> Result<Seeded, Fault> {
    let mut items = Vec::new();
    for tenant in in_order(&file.tenants)? {
        let change = converge(transaction, tenant).await?;
        items.push(tenant_item(&change));
    }
    let memberships = memberships(transaction, &file.tenants).await?;
    let members = members::change(transaction, &memberships, allow_no_owner).await?;
    items.extend(members.members.iter().map(member_item));
    let admins = people::find(transaction, &file.platform_admins).await?;
    for change in admins::grant(transaction, &admins, None).await?.users {
        items.push(Item {
            kind: "platform_admin",
            tenant: None,
            user: Some(change.user.name()),
            action: if change.changed {
                Action::Create
            } else {
                Action::Unchanged
            },
            details: Vec::new(),
        });
    }
    Ok(Seeded {
        dry_run: false,
        items,
    })
}

/// Parents before their children.
fn in_order(all: &[SeedTenant]) -> Result<Vec<&SeedTenant>, Error> {
    let mut waiting: Vec<&SeedTenant> = all.iter().collect();
    let mut ordered = Vec::with_capacity(all.len());
    while !waiting.is_empty() {
        let is_waiting = |tenant: &&SeedTenant| match &tenant.parent {
            Given::Value(TenantRef::Slug(parent)) => waiting.iter().any(|other| other.slug == *parent),
            _ => false,
        };
        let (blocked, ready): (Vec<&SeedTenant>, Vec<&SeedTenant>) =
            waiting.iter().copied().partition(is_waiting);
        if ready.is_empty() {
            let names: Vec<_> = blocked
                .iter()
                .map(|tenant| format!("`{}`", tenant.slug))
                .collect();
            return Err(Error::usage(format!(
                "the parents of {} go round in a circle",
                names.join(", ")
            ))
            .with_hint("nothing was changed"));
        }
        ordered.extend(ready);
        waiting = blocked;
    }
    Ok(ordered)
}

async fn converge(transaction: &Transaction<'_>, tenant: &SeedTenant) -> Result<TenantChange, Fault> {
    let slug = TenantRef::Slug(tenant.slug.clone());
    let existing = tenants::look_up(transaction, &[slug]).await?.pop().flatten();
    let mut assignments = tenant.assignments();
    let Some(existing) = existing else {
        if !matches!(tenant.name, Given::Value(_)) {
            let error = Error::usage(format!("tenant `{}` is new and needs a name", tenant.slug));
            return Err(error.with_hint("nothing was changed").into());
        }
        assignments.push(Assignment::column("slug", Some(tenant.slug.to_string())));
        if matches!(tenant.r#type, Given::Absent) {
            assignments.push(Assignment::column("type", Some("client".to_owned())));
        }
        if let Some(id) = tenant.id {
            assignments.push(Assignment::column("id", Some(id.to_string())));
        }
        let created = insert(transaction, &assignments).await?;
        // A moment that the file says is null, the insert has stamped.
        write(transaction, created.tenant.id, &assignments).await?;
        return Ok(created);
    };
    if let Some(id) = tenant.id.filter(|id| *id != existing.id.0) {
        return Err(Error::failed(format!("tenant `{}` has another id", tenant.slug))
            .with_detail(format!("{} in the database, {id} in the file", existing.id))
            .with_hint("nothing was changed; a tenant keeps its id, so take it out of the file")
            .into());
    }
    write(transaction, existing.id, &assignments).await
}

async fn memberships(transaction: &Transaction<'_>, all: &[SeedTenant]) -> Result<Vec<Membership>, Fault> {
    let slugs: Vec<_> = all
        .iter()
        .map(|tenant| TenantRef::Slug(tenant.slug.clone()))
        .collect();
    let found = tenants::look_up(transaction, &slugs).await?;
    let wanted = || {
        all.iter().zip(&found).flat_map(|(tenant, found)| {
            let found = found.as_ref();
            tenant
                .members
                .iter()
                .filter_map(move |member| Some((member, found?)))
        })
    };
    let users: Vec<UserRef> = wanted().map(|(member, _)| member.user.clone()).collect();
    let people = people::find(transaction, &users).await?;
    let memberships = wanted().zip(people).map(|((member, tenant), user)| Membership {
        user,
        tenant: tenant.clone(),
        request: Request::Exactly(member.role, member.status),
    });
    Ok(memberships.collect())
}

fn tenant_item(change: &TenantChange) -> Item {
    let details = change.changed.iter().filter(|_| !change.created).map(|given| {
        let shown = |value| match tenant::shown(value) {
            text if text.is_empty() => "nothing".to_owned(),
            text => text,
        };
        format!(
            "{}: {} -> {}",
            given.column,
            shown(&given.before),
            shown(&given.after)
        )
    });
    let concerned = change.impact.iter().flat_map(Impact::lines);
    let details = details.chain(concerned);
    Item {
        kind: "tenant",
        tenant: Some(change.tenant.slug.clone()),
        user: None,
        action: match (change.created, change.changed.is_empty()) {
            (true, _) => Action::Create,
            (false, false) => Action::Change,
            (false, true) => Action::Unchanged,
        },
        details: details.collect(),
    }
}

fn member_item(member: &Member) -> Item {
    let now = [&member.role, &member.status]
        .map(|word| word.clone().unwrap_or_default())
        .join(" ");
    let before =
        [&member.previous_role, &member.previous_status].map(|word| word.clone().unwrap_or_default());
    let (action, details) = match (member.changed, &member.previous_role) {
        (false, _) => (Action::Unchanged, Vec::new()),
        (true, None) => (Action::Create, vec![now]),
        (true, Some(_)) => (Action::Change, vec![format!("{} -> {now}", before.join(" "))]),
    };
    Item {
        kind: "member",
        tenant: Some(member.tenant.clone()),
        user: Some(member.user.name()),
        action,
        details,
    }
}
