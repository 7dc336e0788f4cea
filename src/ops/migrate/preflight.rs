//! What must be so before a migration may run, read from the catalogs in one round trip.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::policies::Policy;
use super::read;
use crate::db::Connection;
use crate::error::Result;
use crate::ops::manifest::Manifest;

const PREFLIGHT: &str = include_str!("../../../sql/migrate/preflight.sql");
pub(super) const TABLES: [&str; 4] = ["tenants", "user_tenants", "user_roles", "resource_sharing_audit"];

/// What the catalogs say.
#[derive(Debug, Clone, Deserialize)]
pub struct Facts {
    /// The server's version, as it shows it.
    pub server_version: String,
    /// The database.
    pub database: String,
    /// The current role.
    pub role: String,
    /// The policies on the five tables.
    pub policies: Vec<Policy>,
    /// History tables of other migration tools, schema-qualified.
    pub other_histories: Vec<String>,
    pub(super) server_version_num: i32,
    pub(super) in_recovery: bool,
    pub(super) read_only: bool,
    pub(super) may_create_schema: bool,
    pub(super) may_create_in_public: bool,
    pub(super) may_create_in_private: Option<bool>,
    pub(super) relations: Vec<Relation>,
    pub(super) agents_columns: BTreeMap<String, String>,
    pub(super) missing_roles: Vec<String>,
    pub(super) has_auth_uid: bool,
    pub(super) may_use_auth: bool,
    pub(super) foreign_functions: Vec<String>,
    pub(super) creators_in_public: Option<String>,
    pub(super) owns_public: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Relation {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) owner: String,
    pub(super) owned: bool,
    pub(super) estimate: i64,
}

/// Reads the facts; changes nothing and needs no privilege on any table.
///
/// # Errors
/// [`crate::Kind::Failed`] with the server's reason.
pub async fn read(connection: &mut Connection) -> Result<Facts> {
    read::json(connection, &Manifest::embedded()?.fill(PREFLIGHT)).await
}

impl Facts {
    /// About how many rows `agents` has.
    #[must_use]
    pub fn agents(&self) -> i64 {
        self.relation("agents").map_or(0, |agents| agents.estimate)
    }

    /// Tells whether the role owns `agents`, so that row security hides nothing from it.
    #[must_use]
    pub fn owns_agents(&self) -> bool {
        self.relation("agents").is_some_and(|agents| agents.owned)
    }

    /// Tells whether `agents` has the column already.
    #[must_use]
    pub fn agents_has(&self, column: &str) -> bool {
        self.agents_columns.contains_key(column)
    }

    /// Tells whether tenancy tables exist although no migration has ever been committed.
    #[must_use]
    pub fn was_migrated_by_hand(&self) -> bool {
        self.may_create_in_private.is_none() && TABLES.iter().any(|table| self.relation(table).is_some())
    }

    /// What becomes of the right to create objects in schema public, where users of the API have it.
    #[must_use]
    pub fn creators_remark(&self) -> Option<String> {
        let creators = self.creators_in_public.as_deref()?;
        let fact = format!(
            "{creators} may create objects in schema public, and so have others run them: a function or an operator there is \
             found before the server's own"
        );
        Some(match self.owns_public {
            true => format!("{fact}; `up` takes that right from everybody who owns nothing there"),
            false => format!(
                "{fact}; as the owner of the schema: revoke create on schema public from public, anon, authenticated"
            ),
        })
    }

    pub(super) fn relation(&self, name: &str) -> Option<&Relation> {
        self.relations.iter().find(|relation| relation.name == name)
    }
}
