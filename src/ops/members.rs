//! Memberships: who is assigned to, invited to, suspended in and removed from a tenant.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use uuid::Uuid;

use super::tenancy::{Fault, Outcome, Person, TenantName};
use crate::db::Transaction;
use crate::error::Error;
use crate::event::Event;
use crate::model::{MembershipStatus, Role};
use crate::report::{Cell, Report, Tone};

const LOCK_MEMBERS: &str = include_str!("../../sql/admin/lock_members.sql");
const OWNERLESS: &str = include_str!("../../sql/admin/ownerless.sql");
const SEVERAL_TENANTS: &str = include_str!("../../sql/admin/several_tenants.sql");
const MEMBERSHIPS: &str = include_str!("../../sql/admin/memberships.sql");
const CHANGE_MEMBERS: &str = include_str!("../../sql/admin/change_members.sql");
const REQUIRE_USERS: &str = include_str!("../../sql/admin/require_users.sql");

/// How many memberships one statement changes.
const CHUNK: usize = 1_000;

/// What a user is to be in a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// An active member with this role.
    Assign(Role),
    /// Invited to this role; an active member stays active.
    Invite(Role),
    /// Exactly this.
    Exactly(Role, MembershipStatus),
    /// A member who has no access for now.
    Suspend,
    /// No member.
    Remove,
}

/// One membership to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Who.
    pub user: Person,
    /// Where.
    pub tenant: TenantName,
    /// To what.
    pub wish: Wish,
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

/// The answer of a change of memberships.
#[derive(Debug, Serialize)]
pub struct Members {
    /// Whether this is only what would happen.
    pub dry_run: bool,
    /// Every membership that was asked for, in that order.
    pub members: Vec<Member>,
    /// Users who became active in a tenant beside another one: nothing tells any more which of them they act for.
    pub must_choose: Vec<Person>,
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

    fn header(&self) -> Vec<&'static str> {
        vec!["user", "tenant", "role", "status", "before", "change"]
    }

    fn rows(&self) -> Vec<Vec<Cell>> {
        let row = |member: &Member| {
            let change = match member.changed {
                true if self.dry_run => Cell::text("would change").tone(Tone::Warn),
                true => Cell::text("changed").tone(Tone::Good),
                false => Cell::text("unchanged").tone(Tone::Dim),
            };
            let before = match (&member.previous_role, &member.previous_status) {
                (Some(role), Some(status)) => format!("{role}, {status}"),
                _ => "no member".to_owned(),
            };
            vec![
                Cell::text(member.user.name()),
                Cell::text(&member.tenant),
                Cell::optional(member.role.as_deref()),
                Cell::optional(member.status.as_deref()),
                Cell::text(before),
                change,
            ]
        };
        self.members.iter().map(row).collect()
    }

    fn summary(&self) -> Vec<String> {
        let (changes, all) = (self.changes(), self.members.len());
        let mut lines = vec![match (changes, self.dry_run) {
            (0, _) => "nothing to do: everything is so already".to_owned(),
            (_, true) => format!("would change {changes} of {all}; nothing was changed"),
            (_, false) => format!("changed {changes} of {all}"),
        }];
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

/// Brings memberships to what is wished, all or none.
///
/// # Errors
/// A refusal if somebody who is no member is to be suspended, or if a tenant would lose its last owner and
/// `allow_no_owner` is not set.
pub async fn change(
    transaction: &Transaction<'_>,
    seats: &[Seat],
    allow_no_owner: bool,
) -> Result<Members, Fault> {
    let tenants: BTreeSet<Uuid> = seats.iter().map(|seat| seat.tenant.id.0).collect();
    let tenants: Vec<Uuid> = tenants.into_iter().collect();
    transaction.query(LOCK_MEMBERS, &[]).await?;
    let ownerless = ownerless(transaction, &tenants).await?;
    let mut members = Vec::with_capacity(seats.len());
    let total = u64::try_from(seats.len()).unwrap_or(u64::MAX);
    for chunk in seats.chunks(CHUNK) {
        members.extend(change_chunk(transaction, chunk).await?);
        if seats.len() > CHUNK {
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
    Ok(Members {
        dry_run: false,
        members,
        must_choose,
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

async fn change_chunk(transaction: &Transaction<'_>, seats: &[Seat]) -> Result<Vec<Member>, Fault> {
    let users: Vec<Uuid> = seats.iter().map(|seat| seat.user.id.0).collect();
    let tenants: Vec<Uuid> = seats.iter().map(|seat| seat.tenant.id.0).collect();
    let mut before: Vec<(Option<String>, Option<String>)> = vec![(None, None); seats.len()];
    for row in transaction.query(MEMBERSHIPS, &[&users, &tenants]).await? {
        let at = usize::try_from(row.get::<_, i64>("n") - 1).unwrap_or(usize::MAX);
        if let Some(place) = before.get_mut(at) {
            *place = (row.get("role"), row.get("status"));
        }
    }
    let mut members = Vec::with_capacity(seats.len());
    for (seat, (role, status)) in seats.iter().zip(before) {
        members.push(planned(seat, role, status)?);
    }
    let newcomers: Vec<Uuid> = members
        .iter()
        .filter(|member| matches!(member.status.as_deref(), Some("active" | "invited")))
        .map(|member| member.user.id.0)
        .collect();
    transaction.query_one(REQUIRE_USERS, &[&newcomers]).await?;
    let (mut ids, mut places, mut roles, mut statuses) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (member, seat) in members.iter().zip(seats) {
        if let (Some(role), Some(status)) = (&member.role, &member.status) {
            ids.push(seat.user.id.0);
            places.push(seat.tenant.id.0);
            roles.push(role.as_str());
            statuses.push(status.as_str());
        }
    }
    transaction
        .query_one(CHANGE_MEMBERS, &[&ids, &places, &roles, &statuses])
        .await?;
    Ok(members)
}

/// What `seat` makes of a membership, which has no role and no status if there is none.
fn planned(seat: &Seat, role: Option<String>, status: Option<String>) -> Result<Member, Error> {
    let is_member = status.as_deref().is_some_and(|status| status != "removed");
    let (new_role, new_status) = match seat.wish {
        Wish::Assign(role) => (Some(role.as_str().to_owned()), Some("active".to_owned())),
        Wish::Exactly(role, status) => (Some(role.as_str().to_owned()), Some(status.as_str().to_owned())),
        Wish::Invite(role) => {
            let status = if status.as_deref() == Some("active") {
                "active"
            } else {
                "invited"
            };
            (Some(role.as_str().to_owned()), Some(status.to_owned()))
        }
        Wish::Remove => (role.clone(), status.as_ref().map(|_| "removed".to_owned())),
        Wish::Suspend if is_member => (role.clone(), Some("suspended".to_owned())),
        Wish::Suspend => {
            return Err(Error::failed(format!(
                "{} is no member of `{}`",
                seat.user.full_name(),
                seat.tenant.slug
            ))
            .with_hint(format!(
                "nothing was changed; `vital user list --tenant {}` shows who is",
                seat.tenant.slug
            )));
        }
    };
    Ok(Member {
        user: seat.user.clone(),
        tenant: seat.tenant.slug.clone(),
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
