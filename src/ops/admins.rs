//! Platform admins: granted, revoked and listed.

use std::collections::HashMap;

use serde::Serialize;
use time::OffsetDateTime;
use uuid::Uuid;

use super::find::{Person, people};
use super::tenancy::{Fault, Outcome};
use crate::db::Transaction;
use crate::error::Error;
use crate::model::UserId;
use crate::report::{Cell, Columns, Report, Table, Tone};

const CHANGE_PLATFORM_ADMINS: &str = include_str!("../../sql/admin/change_platform_admins.sql");
const PLATFORM_ADMINS: &str = include_str!("../../sql/admin/platform_admins.sql");
const ACCOUNTS: &str = include_str!("../../sql/admin/accounts.sql");
const ACCOUNTS_READABLE: &str = include_str!("../../sql/admin/accounts_readable.sql");
const HAS_LIVING_ADMIN: &str = include_str!("../../sql/admin/has_living_admin.sql");
const REQUIRE_USERS: &str = include_str!("../../sql/admin/require_users.sql");

/// What became of one user.
#[derive(Debug, Serialize)]
pub struct Change {
    /// The user's id and address.
    pub user: Person,
    /// Whether they are a platform admin now.
    pub is_admin: bool,
    /// Whether that is a change.
    pub changed: bool,
    /// What speaks against the account, such as `is banned`.
    pub problem: Option<String>,
}

/// The answer of a grant or a revocation.
#[derive(Debug, Serialize)]
pub struct AdminChanges {
    /// Whether this is only what would happen.
    pub dry_run: bool,
    /// On whose behalf.
    pub granted_by: Option<Person>,
    /// The users, in the order asked for.
    pub users: Vec<Change>,
}

impl Outcome for AdminChanges {
    fn changes(&self) -> usize {
        self.users.iter().filter(|user| user.changed).count()
    }

    fn mark_preview(&mut self) {
        self.dry_run = true;
    }
}

impl AdminChanges {
    /// What speaks against the accounts of those who become platform admins, a line each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let concerned = self.users.iter().filter(|user| user.is_admin && user.changed);
        let warning = |user: &Change| {
            let problem = user.problem.as_ref()?;
            Some(format!(
                "warning: the account of {} {problem}",
                user.user.full_name()
            ))
        };
        concerned.filter_map(warning).collect()
    }
}

impl Report for AdminChanges {
    const SCHEMA: &'static str = "vital.admin_changes/1";

    fn table(&self) -> Table {
        Columns::of(&self.users)
            .column("user", |change| Cell::text(change.user.name()))
            .column("id", |change| Cell::text(change.user.id.to_string()))
            .column("platform_admin", |change| {
                Cell::text(if change.is_admin { "yes" } else { "no" })
            })
            .column("change", |change| match (change.changed, self.dry_run) {
                (true, true) => Cell::text("would change").tone(Tone::Warn),
                (true, false) => Cell::text("changed").tone(Tone::Good),
                (false, _) => Cell::text("unchanged").tone(Tone::Dim),
            })
            .table()
    }

    fn summary(&self) -> Vec<String> {
        let changes = self.changes();
        let mut lines = vec![match (changes, self.dry_run) {
            (0, _) => "nothing to do: already up to date".to_owned(),
            (_, true) => format!("would change {changes}; nothing was changed"),
            (_, false) => format!("changed {changes}"),
        }];
        lines.extend(self.warnings());
        lines
    }
}

/// Makes users platform admins, all or none, on behalf of `granted_by`.
///
/// # Errors
/// The server's refusal of a user that `auth.users` does not know.
pub async fn grant(
    transaction: &Transaction<'_>,
    users: &[Person],
    granted_by: Option<&Person>,
) -> Result<AdminChanges, Fault> {
    let ids: Vec<Uuid> = users.iter().map(|user| user.id.0).collect();
    transaction.query_one(REQUIRE_USERS, &[&ids]).await?;
    let problems = problems(transaction, &ids).await?;
    let mut changes = change(transaction, users, true, granted_by).await?;
    for change in &mut changes.users {
        change.problem = problems.get(&change.user.id.0).cloned();
    }
    Ok(changes)
}

/// What speaks against accounts, as far as it can be read.
async fn problems(transaction: &Transaction<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, Fault> {
    let readable = transaction.query_opt(ACCOUNTS_READABLE, &[]).await?;
    if !readable.is_some_and(|row| row.get("is_readable")) {
        return Ok(HashMap::new());
    }
    let rows = transaction.query(ACCOUNTS, &[&ids]).await?;
    Ok(rows
        .iter()
        .map(|row| (row.get("id"), row.get("problem")))
        .collect())
}

/// Takes platform admin from users, all or none.
///
/// # Errors
/// A refusal if nobody would be left and `allow_none` is not set.
pub async fn revoke(
    transaction: &Transaction<'_>,
    users: &[Person],
    allow_none: bool,
) -> Result<AdminChanges, Fault> {
    let had = has_living_admin(transaction).await?;
    let changes = change(transaction, users, false, None).await?;
    if had && !allow_none && !has_living_admin(transaction).await? {
        let names: Vec<_> = changes
            .users
            .iter()
            .filter(|user| user.changed)
            .map(|user| user.user.name())
            .collect();
        let error = Error::failed(format!("no platform admin would be left without {}", names.join(", ")))
            .with_hint(
                "nothing was changed; grant it to somebody else first (`vital grant-admin USER`), or pass `--allow-no-admin`",
            );
        return Err(error.into());
    }
    Ok(changes)
}

/// Whether anybody with an account is a platform admin: one who is gone from `auth.users` helps nobody.
async fn has_living_admin(transaction: &Transaction<'_>) -> Result<bool, Fault> {
    Ok(transaction.query_one(HAS_LIVING_ADMIN, &[]).await?.get("has"))
}

async fn change(
    transaction: &Transaction<'_>,
    users: &[Person],
    is_admin: bool,
    granted_by: Option<&Person>,
) -> Result<AdminChanges, Fault> {
    let ids: Vec<Uuid> = users.iter().map(|user| user.id.0).collect();
    let by = granted_by.map(|person| person.id.0);
    let rows = transaction
        .query(CHANGE_PLATFORM_ADMINS, &[&ids, &is_admin, &by])
        .await?;
    let changes = users.iter().zip(&rows).map(|(user, row)| Change {
        user: user.clone(),
        is_admin,
        changed: row.get::<_, bool>("was_admin") != is_admin,
        problem: None,
    });
    Ok(AdminChanges {
        dry_run: false,
        granted_by: granted_by.cloned(),
        users: changes.collect(),
    })
}

/// A platform admin.
#[derive(Debug, Serialize)]
pub struct Admin {
    /// The user's id and address.
    pub user: Person,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub granted_at: OffsetDateTime,
    /// On whose behalf; the audit tells who ran the command.
    pub granted_by: Option<Person>,
}

/// The platform admins.
#[derive(Debug, Serialize)]
pub struct Admins {
    /// In the order of their grants.
    pub admins: Vec<Admin>,
}

impl Report for Admins {
    const SCHEMA: &'static str = "vital.admins/1";

    fn table(&self) -> Table {
        Columns::of(&self.admins)
            .column("user", |admin| Cell::text(admin.user.name()))
            .column("id", |admin| Cell::text(admin.user.id.to_string()))
            .column("since", |admin| Cell::text(super::moment(admin.granted_at)))
            .column("granted_by", |admin| {
                Cell::optional(admin.granted_by.as_ref().map(Person::name))
            })
            .table()
    }

    fn summary(&self) -> Vec<String> {
        match self.admins.len() {
            0 => vec!["nobody is a platform admin; `vital grant-admin USER` makes somebody one".to_owned()],
            _ => Vec::new(),
        }
    }
}

/// Lists the platform admins.
///
/// # Errors
/// The server's.
pub async fn list(transaction: &Transaction<'_>) -> Result<Admins, Fault> {
    let rows = transaction.query(PLATFORM_ADMINS, &[]).await?;
    let mut ids: Vec<Uuid> = rows.iter().map(|row| row.get("id")).collect();
    ids.extend(
        rows.iter()
            .filter_map(|row| row.get::<_, Option<Uuid>>("granted_by")),
    );
    let emails = people::emails(transaction, &ids).await?;
    let person = |id: Uuid| Person {
        id: UserId(id),
        email: emails.get(&id).cloned(),
    };
    let admins = rows.iter().map(|row| Admin {
        user: person(row.get("id")),
        granted_at: row.get("granted_at"),
        granted_by: row.get::<_, Option<Uuid>>("granted_by").map(person),
    });
    Ok(Admins {
        admins: admins.collect(),
    })
}
