//! Users: found in `auth.users` by id or address, where that table exists and can be read.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use uuid::Uuid;

use super::suggestion;
use crate::db::{Fault, Transaction};
use crate::error::{Error, Result};
use crate::model::{Email, UserId, UserRef};

const DIRECTORY: &str = include_str!("../../../sql/admin/directory.sql");
const USERS: &str = include_str!("../../../sql/admin/users.sql");
const USERS_BY_ID: &str = include_str!("../../../sql/admin/users_by_id.sql");
const NEAR_USERS: &str = include_str!("../../../sql/admin/near_users.sql");
const GONE_USERS: &str = include_str!("../../../sql/admin/gone_users.sql");
const KNOWN_USERS: &str = include_str!("../../../sql/admin/known_users.sql");
const KNOWN_USER_IDS: &str = include_str!("../../../sql/admin/known_user_ids.sql");

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Person {
    /// The id.
    pub id: UserId,
    /// The address, where it is known.
    pub email: Option<String>,
}

impl Person {
    /// The address, else the id.
    #[must_use]
    pub fn name(&self) -> String {
        self.email.clone().unwrap_or_else(|| self.id.to_string())
    }

    /// The same people, each once.
    #[must_use]
    pub fn once(people: Vec<Self>) -> Vec<Self> {
        let mut seen = HashSet::new();
        people
            .into_iter()
            .filter(|person| seen.insert(person.id))
            .collect()
    }

    /// Address and id, for a question.
    #[must_use]
    pub fn full_name(&self) -> String {
        match &self.email {
            Some(email) => format!("{email} ({})", self.id),
            None => self.id.to_string(),
        }
    }
}

/// What `auth.users` is good for here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directory {
    /// It holds ids and addresses.
    Complete,
    /// It holds ids.
    WithoutEmail,
    /// It exists, but not for this role.
    Unreadable,
    /// It exists, but row security shows this role no user.
    Hidden,
    /// This is a plain PostgreSQL.
    Absent,
}

impl Directory {
    /// Looks at the database.
    ///
    /// # Errors
    /// The server's.
    pub async fn of(transaction: &Transaction<'_>) -> Result<Self, Fault> {
        let Some(row) = transaction.query_opt(DIRECTORY, &[]).await? else {
            return Ok(Self::Absent);
        };
        Ok(match () {
            () if !row.get::<_, bool>("is_readable") => Self::Unreadable,
            () if row.get("is_hidden") => Self::Hidden,
            () if row.get("has_email") => Self::Complete,
            () => Self::WithoutEmail,
        })
    }

    /// Why no address can be looked up, and what to do.
    fn refusal(self, email: &Email) -> Error {
        let (message, hint) = match self {
            Self::Unreadable => (
                "this role may not read auth.users",
                "nothing was changed; grant it select on auth.users, or name the user by uuid",
            ),
            Self::Hidden => (
                "row security of auth.users hides every user from this role",
                "nothing was changed; connect as a role that bypasses row security, or name the user by uuid",
            ),
            _ => (
                "this database holds no e-mail addresses: it has no auth.users",
                "nothing was changed; name the user by uuid",
            ),
        };
        Error::failed(format!("could not look up `{}`", email.as_str()))
            .with_cause(message)
            .with_hint(hint)
    }
}

/// What a look-up found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The user.
    One(Person),
    /// Nobody.
    Nobody,
    /// Several users with one address.
    Several(Vec<UserId>),
}

/// Looks up users, in the order of `wanted`. An id that cannot be checked is taken as it is.
///
/// # Errors
/// A refusal if an address is given and there is nothing to look it up in.
pub async fn look_up(transaction: &Transaction<'_>, wanted: &[UserRef]) -> Result<Vec<Found>, Fault> {
    let directory = Directory::of(transaction).await?;
    let mut ids: Vec<Option<Uuid>> = Vec::with_capacity(wanted.len());
    let mut emails: Vec<Option<&str>> = Vec::with_capacity(wanted.len());
    for user in wanted {
        match user {
            UserRef::Email(email) if directory != Directory::Complete => {
                return Err(directory.refusal(email).into());
            }
            UserRef::Email(email) => {
                ids.push(None);
                emails.push(Some(email.as_str()));
            }
            UserRef::Id(id) => {
                ids.push(Some(id.0));
                emails.push(None);
            }
        }
    }
    let rows = match directory {
        Directory::Complete => transaction.query(USERS, &[&ids, &emails]).await?,
        Directory::WithoutEmail => transaction.query(USERS_BY_ID, &[&ids]).await?,
        _ => {
            let unchecked = |id| {
                Found::One(Person {
                    id: UserId(id),
                    email: None,
                })
            };
            return Ok(ids.into_iter().flatten().map(unchecked).collect());
        }
    };
    let mut found = vec![Found::Nobody; wanted.len()];
    for row in rows {
        let person = Person {
            id: UserId(row.get("id")),
            email: row.get("email"),
        };
        let at = usize::try_from(row.get::<_, i64>("n")).unwrap_or_default();
        if let Some(place) = at.checked_sub(1).and_then(|at| found.get_mut(at)) {
            *place = match std::mem::replace(place, Found::Nobody) {
                Found::Nobody => Found::One(person),
                Found::One(first) => Found::Several(vec![first.id, person.id]),
                Found::Several(ids) => Found::Several(ids.into_iter().chain([person.id]).collect()),
            };
        }
    }
    Ok(found)
}

/// Finds users, all of them or none.
///
/// # Errors
/// A refusal that names the nearest matches of an unknown user.
pub async fn find(transaction: &Transaction<'_>, wanted: &[UserRef]) -> Result<Vec<Person>, Fault> {
    let found = look_up(transaction, wanted).await?;
    let mut people = Vec::with_capacity(found.len());
    for (user, found) in wanted.iter().zip(found) {
        match found {
            Found::One(person) => people.push(person),
            missing => return Err(unknown(transaction, user, &missing).await?.into()),
        }
    }
    Ok(people)
}

/// Finds users who are to lose something, all of them or none: whoever is gone from `auth.users` is found by id for as long
/// as they have a membership or a role.
///
/// # Errors
/// As [`find`].
pub async fn find_to_revoke(transaction: &Transaction<'_>, wanted: &[UserRef]) -> Result<Vec<Person>, Fault> {
    let found = look_up(transaction, wanted).await?;
    let gone = wanted
        .iter()
        .zip(&found)
        .filter_map(|(user, found)| match (user, found) {
            (UserRef::Id(id), Found::Nobody) => Some(id.0),
            _ => None,
        });
    let gone: Vec<Uuid> = gone.collect();
    let rows = transaction.query(GONE_USERS, &[&gone]).await?;
    let gone: HashSet<Uuid> = rows.iter().map(|row| row.get("id")).collect();
    let mut people = Vec::with_capacity(found.len());
    for (user, found) in wanted.iter().zip(found) {
        match (user, found) {
            (_, Found::One(person)) => people.push(person),
            (UserRef::Id(id), Found::Nobody) if gone.contains(&id.0) => {
                people.push(Person { id: *id, email: None })
            }
            (_, missing) => return Err(unknown(transaction, user, &missing).await?.into()),
        }
    }
    Ok(people)
}

/// Which of these users are gone from `auth.users`; nobody where that table does not exist or cannot be read.
///
/// # Errors
/// The server's.
pub async fn gone(transaction: &Transaction<'_>, ids: &[Uuid]) -> Result<HashSet<Uuid>, Fault> {
    let wanted: Vec<UserRef> = ids.iter().map(|id| UserRef::Id(UserId(*id))).collect();
    let found = look_up(transaction, &wanted).await?;
    let gone = ids.iter().zip(found).filter(|(_, found)| *found == Found::Nobody);
    Ok(gone.map(|(id, _)| *id).collect())
}

/// Finds one user.
///
/// # Errors
/// As [`find`].
pub async fn find_one(transaction: &Transaction<'_>, wanted: &UserRef) -> Result<Person, Fault> {
    match look_up(transaction, std::slice::from_ref(wanted)).await?.pop() {
        Some(Found::One(person)) => Ok(person),
        missing => {
            let missing = missing.unwrap_or(Found::Nobody);
            Err(unknown(transaction, wanted, &missing).await?.into())
        }
    }
}

/// Says that a user was not found.
///
/// # Errors
/// The server's, while it looks for the nearest.
pub async fn unknown(transaction: &Transaction<'_>, user: &UserRef, found: &Found) -> Result<Error, Fault> {
    let email = match (user, found) {
        (_, Found::Several(ids)) => {
            let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
            return Ok(Error::failed(format!("several users have the address `{user}`"))
                .with_detail(ids.join(", "))
                .with_hint("nothing was changed; name the user by uuid"));
        }
        (UserRef::Id(_), _) => {
            return Ok(Error::failed(format!("user `{user}` does not exist"))
                .with_hint("nothing was changed; auth.users has no such id"));
        }
        (UserRef::Email(email), _) => email.as_str(),
    };
    let rows = transaction.query(NEAR_USERS, &[&email]).await?;
    let known = rows.iter().map(|row| row.get("email"));
    let hint = suggestion(email, known, "nobody in auth.users has a similar address;");
    Ok(Error::failed(format!("user `{email}` does not exist"))
        .with_hint(format!("{hint} nothing was changed")))
}

/// The addresses of users, as far as they can be read.
///
/// # Errors
/// The server's.
pub async fn emails(transaction: &Transaction<'_>, ids: &[Uuid]) -> Result<HashMap<Uuid, String>, Fault> {
    if Directory::of(transaction).await? != Directory::Complete {
        return Ok(HashMap::new());
    }
    let nobody: Vec<Option<&str>> = Vec::new();
    let rows = transaction.query(USERS, &[&ids, &nobody]).await?;
    Ok(rows
        .iter()
        .filter_map(|row| Some((row.get("id"), row.get::<_, Option<String>>("email")?)))
        .collect())
}

/// Users to choose from, by address, 5,000 at most.
///
/// # Errors
/// The server's.
pub async fn known(transaction: &Transaction<'_>) -> Result<Vec<Person>, Fault> {
    let sql = match Directory::of(transaction).await? {
        Directory::Complete => KNOWN_USERS,
        _ => KNOWN_USER_IDS,
    };
    let rows = transaction.query(sql, &[]).await?;
    let person = |row: &tokio_postgres::Row| Person {
        id: UserId(row.get("id")),
        email: row.get("email"),
    };
    Ok(rows.iter().map(person).collect())
}
