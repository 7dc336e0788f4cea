//! Memberships: who is assigned to, invited to, suspended in and removed from a tenant.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use serde::Serialize;
use uuid::Uuid;

use super::find::{Person, TenantName, people, tenants};
use super::tenancy::{Fault, Outcome};
use crate::db::Transaction;
use crate::error::Error;
use crate::event::Event;
use crate::model::{MembershipStatus, Role, TenantRef, UserRef};
use crate::report::{Cell, Columns, Report, Table, Tone, counted};

const LOCK_MEMBERS: &str = include_str!("../../sql/admin/lock_members.sql");
const OWNERLESS: &str = include_str!("../../sql/admin/ownerless.sql");
const SEVERAL_TENANTS: &str = include_str!("../../sql/admin/several_tenants.sql");
const MEMBERSHIPS: &str = include_str!("../../sql/admin/memberships.sql");
const OVER_QUOTA: &str = include_str!("../../sql/admin/over_quota.sql");
const CHANGE_MEMBERS: &str = include_str!("../../sql/admin/change_members.sql");
const REQUIRE_USERS: &str = include_str!("../../sql/admin/require_users.sql");

/// How many memberships one statement changes.
const CHUNK: usize = 1_000;

/// What a membership is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// An active member with this role; without one, a member keeps the role, and anybody else becomes a member.
    Assign(Option<Role>),
    /// Invited to this role, or as with [`Assign`](Self::Assign); an active member stays active.
    Invite(Option<Role>),
    /// Exactly this.
    Exactly(Role, MembershipStatus),
    /// A member who has no access for now.
    Suspend,
    /// Not a member.
    Remove,
}

/// One membership to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Who.
    pub user: Person,
    /// Where.
    pub tenant: TenantName,
    /// To what.
    pub request: Request,
}

/// What became of a membership.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// The user's id and address.
    pub user: Person,
    /// The tenant's slug.
    pub tenant: String,
    /// The role now; none for somebody who never was a member.
    pub role: Option<String>,
    /// The status now.
    pub status: Option<String>,
    /// The role before.
    pub previous_role: Option<String>,
    /// The status before.
    pub previous_status: Option<String>,
    /// Whether that is a change.
    pub changed: bool,
}

/// What somebody loses by a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// Access, or the prospect of it.
    Access,
    /// Some of what the role allowed.
    Role,
}

impl Member {
    /// What the change takes from the member, if anything.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        let standing = |status| rank(status).filter(|it| *it != Reverse(MembershipStatus::Removed));
        let (before, now) = (standing(&self.previous_status), standing(&self.status));
        let is_less = rank::<Role>(&self.role) < rank(&self.previous_role);
        if now < before {
            Some(Loss::Access)
        } else if before.is_some() && is_less {
            Some(Loss::Role)
        } else {
            None
        }
    }
}

/// The rank of a word of a type that declares the greatest first; no word, or an unknown one, is below all.
fn rank<T: FromStr + Ord>(word: &Option<String>) -> Option<Reverse<T>> {
    word.as_deref()?.parse().ok().map(Reverse)
}

/// A tenant with more members than its quota allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OverQuota {
    /// The tenant's slug.
    pub tenant: String,
    /// The key in `quotas`.
    pub quota: String,
    /// The limit, as it is written there.
    pub limit: String,
    /// Active members.
    pub active: i64,
    /// Users who are invited.
    pub invited: i64,
}

impl OverQuota {
    /// The fact as a warning.
    #[must_use]
    pub fn warning(&self) -> String {
        format!("warning: {}", self.line())
    }

    /// The fact, in words.
    #[must_use]
    pub fn line(&self) -> String {
        let active = counted(self.active, "active member", "active members");
        let invited = match self.invited {
            0 => String::new(),
            count => format!(" and {count} invited"),
        };
        format!(
            "`{}` has {active}{invited}, more than its quota {} of {}",
            self.tenant, self.quota, self.limit
        )
    }
}

/// The answer of a change of memberships.
#[derive(Debug, Serialize)]
pub struct Members {
    /// Whether this is only what would happen.
    pub dry_run: bool,
    /// Every membership that was asked for, in that order.
    pub members: Vec<Member>,
    /// Users who became active in a tenant beside another one: nothing tells any more which of them they act for.
    pub must_choose: Vec<Person>,
    /// Tenants that got somebody beyond their quota.
    pub over_quota: Vec<OverQuota>,
}

impl Members {
    /// Refuses members beyond a tenant's quota.
    ///
    /// # Errors
    /// [`crate::Kind::Failed`] if there is one.
    pub fn within_quota(self) -> Result<Self, Error> {
        let mut lines = self.over_quota.iter().map(OverQuota::line);
        let Some(first) = lines.next() else {
            return Ok(self);
        };
        let mut error = Error::failed("a tenant would have more members than its quota allows").with_hint(
            "nothing was changed; raise the quota with `vital tenant update --set quotas.max_users=N`",
        );
        error.cause = Some(first);
        error.details = lines.collect();
        Err(error)
    }
}

impl Outcome for Members {
    fn changes(&self) -> usize {
        self.members.iter().filter(|member| member.changed).count()
    }

    fn mark_preview(&mut self) {
        self.dry_run = true;
    }
}

impl Report for Members {
    const SCHEMA: &'static str = "vital.members/1";

    fn table(&self) -> Table {
        Columns::of(&self.members)
            .column("user", |member| Cell::text(member.user.name()))
            .column("tenant", |member| Cell::text(&member.tenant))
            .column("role", |member| Cell::optional(member.role.as_deref()))
            .column("status", |member| Cell::optional(member.status.as_deref()))
            .column("before", |member| {
                match (&member.previous_role, &member.previous_status) {
                    (Some(role), Some(status)) => Cell::text(format!("{role}, {status}")),
                    _ => Cell::text("not a member"),
                }
            })
            .column("change", |member| match member.changed {
                true if self.dry_run => Cell::text("would change").tone(Tone::Warn),
                true => Cell::text("changed").tone(Tone::Good),
                false => Cell::text("unchanged").tone(Tone::Dim),
            })
            .table()
    }

    fn summary(&self) -> Vec<String> {
        let (changes, all) = (self.changes(), self.members.len());
        let mut lines = vec![match (changes, self.dry_run) {
            (0, _) => "nothing to do: already up to date".to_owned(),
            (_, true) => format!("would change {changes} of {all}; nothing was changed"),
            (_, false) => format!("changed {changes} of {all}"),
        }];
        lines.extend(self.over_quota.iter().map(OverQuota::warning));
        let names: Vec<_> = self.must_choose.iter().take(5).map(Person::name).collect();
        let who = match self.must_choose.len() {
            0 => return lines,
            1 => format!("{} is", names.join("")),
            count if count > names.len() => format!("{count} users, such as {}, are", names.join(", ")),
            _ => format!("{} are", names.join(", ")),
        };
        lines.push(format!(
            "{who} in several tenants now: none of their private agents is shown until the application says which tenant, by \
             header x-tenant-id, app_metadata.tenant_id or set_tenant_context"
        ));
        lines
    }
}

/// Finds the users and the tenant; a user who is named twice counts once.
///
/// # Errors
/// A refusal that names the nearest matches of an unknown user or tenant.
pub async fn find(
    transaction: &Transaction<'_>,
    users: &[UserRef],
    tenant: &TenantRef,
    request: Request,
) -> Result<Vec<Membership>, Fault> {
    let tenant = tenants::find(transaction, tenant).await?;
    let mut memberships: Vec<Membership> = Vec::new();
    let people = match request {
        Request::Remove | Request::Suspend => people::find_to_revoke(transaction, users).await?,
        _ => people::find(transaction, users).await?,
    };
    for user in people {
        if memberships.iter().all(|membership| membership.user.id != user.id) {
            let tenant = tenant.clone();
            memberships.push(Membership {
                user,
                tenant,
                request,
            });
        }
    }
    Ok(memberships)
}

/// Brings memberships to what is requested, all or none.
///
/// # Errors
/// A refusal if somebody who is not a member is to be suspended, or if a tenant would lose its last owner and
/// `allow_no_owner` is not set.
pub async fn change(
    transaction: &Transaction<'_>,
    memberships: &[Membership],
    allow_no_owner: bool,
) -> Result<Members, Fault> {
    let tenants: BTreeSet<Uuid> = memberships
        .iter()
        .map(|membership| membership.tenant.id.0)
        .collect();
    let tenants: Vec<Uuid> = tenants.into_iter().collect();
    transaction.query(LOCK_MEMBERS, &[]).await?;
    let ownerless = ownerless(transaction, &tenants).await?;
    let mut members = Vec::with_capacity(memberships.len());
    let total = u64::try_from(memberships.len()).unwrap_or(u64::MAX);
    for chunk in memberships.chunks(CHUNK) {
        members.extend(change_chunk(transaction, chunk).await?);
        if memberships.len() > CHUNK {
            let done = u64::try_from(members.len()).unwrap_or(u64::MAX);
            transaction.tell(&Event::RowsDone {
                what: "changing memberships",
                done,
                total,
            });
        }
    }
    let lost = self::ownerless(transaction, &tenants).await?;
    let lost: Vec<&str> = lost
        .iter()
        .filter(|(id, _)| !ownerless.contains_key(id))
        .map(|(_, slug)| slug.as_str())
        .collect();
    if !lost.is_empty() && !allow_no_owner {
        return Err(without_owner(&lost).into());
    }
    let must_choose = must_choose(transaction, &members).await?;
    let over_quota = over_quota(transaction, memberships, &members).await?;
    Ok(Members {
        dry_run: false,
        members,
        must_choose,
        over_quota,
    })
}

/// Those who became active and are active in another tenant, too.
async fn must_choose(transaction: &Transaction<'_>, members: &[Member]) -> Result<Vec<Person>, Fault> {
    let is_new = |member: &&Member| {
        member.status.as_deref() == Some("active") && member.previous_status.as_deref() != Some("active")
    };
    let new: Vec<Uuid> = members
        .iter()
        .filter(is_new)
        .map(|member| member.user.id.0)
        .collect();
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let rows = transaction.query(SEVERAL_TENANTS, &[&new]).await?;
    let several: BTreeSet<Uuid> = rows.iter().map(|row| row.get("id")).collect();
    let people = members.iter().filter(is_new).map(|member| member.user.clone());
    let people = people.filter(|person| several.contains(&person.id.0)).collect();
    Ok(Person::once(people))
}

/// The tenants that got somebody and have more than their quota now.
async fn over_quota(
    transaction: &Transaction<'_>,
    memberships: &[Membership],
    members: &[Member],
) -> Result<Vec<OverQuota>, Fault> {
    let counts = |status: &Option<String>| matches!(status.as_deref(), Some("active" | "invited"));
    let grown = memberships.iter().zip(members);
    let grown = grown.filter(|(_, member)| counts(&member.status) && !counts(&member.previous_status));
    let grown: BTreeSet<Uuid> = grown.map(|(membership, _)| membership.tenant.id.0).collect();
    let grown: Vec<Uuid> = grown.into_iter().collect();
    if grown.is_empty() {
        return Ok(Vec::new());
    }
    let rows = transaction.query(OVER_QUOTA, &[&grown]).await?;
    let over = |row: &tokio_postgres::Row| OverQuota {
        tenant: row.get("slug"),
        quota: row.get("quota"),
        limit: row.get("allowed"),
        active: row.get("active"),
        invited: row.get("invited"),
    };
    Ok(rows.iter().map(over).collect())
}

async fn change_chunk(
    transaction: &Transaction<'_>,
    memberships: &[Membership],
) -> Result<Vec<Member>, Fault> {
    let users: Vec<Uuid> = memberships
        .iter()
        .map(|membership| membership.user.id.0)
        .collect();
    let tenants: Vec<Uuid> = memberships
        .iter()
        .map(|membership| membership.tenant.id.0)
        .collect();
    let mut before: Vec<(Option<String>, Option<String>)> = vec![(None, None); memberships.len()];
    for row in transaction.query(MEMBERSHIPS, &[&users, &tenants]).await? {
        let at = usize::try_from(row.get::<_, i64>("n") - 1).unwrap_or(usize::MAX);
        if let Some(place) = before.get_mut(at) {
            *place = (row.get("role"), row.get("status"));
        }
    }
    let mut members = Vec::with_capacity(memberships.len());
    for (membership, (role, status)) in memberships.iter().zip(before) {
        members.push(planned(membership, role, status)?);
    }
    let newcomers: Vec<Uuid> = members
        .iter()
        .filter(|member| matches!(member.status.as_deref(), Some("active" | "invited")))
        .map(|member| member.user.id.0)
        .collect();
    transaction.query_one(REQUIRE_USERS, &[&newcomers]).await?;
    let (mut ids, mut places, mut roles, mut statuses) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (member, membership) in members.iter().zip(memberships) {
        if let (Some(role), Some(status)) = (&member.role, &member.status) {
            ids.push(membership.user.id.0);
            places.push(membership.tenant.id.0);
            roles.push(role.as_str());
            statuses.push(status.as_str());
        }
    }
    transaction
        .query_one(CHANGE_MEMBERS, &[&ids, &places, &roles, &statuses])
        .await?;
    Ok(members)
}

/// What `membership` makes of a membership, which has no role and no status if there is none.
fn planned(membership: &Membership, role: Option<String>, status: Option<String>) -> Result<Member, Error> {
    let is_member = status.as_deref().is_some_and(|status| status != "removed");
    // A role that is not named is kept; whoever was removed begins anew.
    let kept = |wanted: Option<Role>| match (wanted, role.clone().filter(|_| is_member)) {
        (Some(wanted), _) => wanted.as_str().to_owned(),
        (None, Some(role)) => role,
        (None, None) => Role::Member.as_str().to_owned(),
    };
    let (new_role, new_status) = match membership.request {
        Request::Assign(wanted) => (Some(kept(wanted)), Some("active".to_owned())),
        Request::Exactly(role, status) => (Some(role.as_str().to_owned()), Some(status.as_str().to_owned())),
        Request::Invite(wanted) => {
            let status = if status.as_deref() == Some("active") {
                "active"
            } else {
                "invited"
            };
            (Some(kept(wanted)), Some(status.to_owned()))
        }
        Request::Remove => (role.clone(), status.as_ref().map(|_| "removed".to_owned())),
        Request::Suspend if is_member => (role.clone(), Some("suspended".to_owned())),
        Request::Suspend => {
            return Err(Error::failed(format!(
                "{} is not a member of `{}`",
                membership.user.full_name(),
                membership.tenant.slug
            ))
            .with_hint(format!(
                "nothing was changed; `vital user list --tenant {}` shows who is",
                membership.tenant.slug
            )));
        }
    };
    Ok(Member {
        user: membership.user.clone(),
        tenant: membership.tenant.slug.clone(),
        changed: (&new_role, &new_status) != (&role, &status),
        role: new_role,
        status: new_status,
        previous_role: role,
        previous_status: status,
    })
}

async fn ownerless(transaction: &Transaction<'_>, tenants: &[Uuid]) -> Result<BTreeMap<Uuid, String>, Fault> {
    let rows = transaction.query(OWNERLESS, &[&tenants]).await?;
    Ok(rows.iter().map(|row| (row.get("id"), row.get("slug"))).collect())
}

fn without_owner(slugs: &[&str]) -> Error {
    let quoted: Vec<_> = slugs.iter().map(|slug| format!("`{slug}`")).collect();
    let message = match slugs {
        [_] => format!("tenant {} would be left without an owner", quoted.join("")),
        _ => format!("tenants {} would be left without an owner", quoted.join(", ")),
    };
    Error::failed(message).with_hint(
        "nothing was changed; assign another owner first (`--role owner`), or pass `--allow-no-owner`",
    )
}
