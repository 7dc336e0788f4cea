//! Tries statements for triggers of others to fire upon, and takes them back.

use tokio_postgres::Error as ServerError;

use super::adoption::Obstacle;
use crate::db::engine::retry;
use crate::db::{Connection, Fault};
use crate::error::{Error, Result};
use crate::ops::manifest::Manifest;

const CULPRITS: &str = include_str!("../../../sql/preflight/culprits.sql");
const WHAT: &str = "could not try what fires triggers of others";

/// Why a statement failed, and where.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    /// The server's message with its SQLSTATE.
    pub cause: String,
    /// The functions that it happened in, in the server's words.
    pub context: String,
    /// Whether a name was looked up in vain.
    pub is_unknown_name: bool,
}

impl Trouble {
    /// What the server said.
    pub fn of(error: &ServerError) -> Self {
        let db = error.as_db_error();
        Self {
            cause: Error::failed("").caused_by(error).cause.unwrap_or_default(),
            context: db.and_then(|db| db.where_()).unwrap_or_default().to_owned(),
            is_unknown_name: db
                .is_some_and(|db| ["42P01", "42883", "42704", "3F000"].contains(&db.code().code())),
        }
    }

    /// Names the triggers whose functions failed.
    ///
    /// # Errors
    /// The server's.
    pub async fn obstacles(&self, connection: &mut Connection) -> Result<Vec<Obstacle>> {
        let sql = Manifest::embedded()?.fill(CULPRITS);
        let rows = connection
            .read(WHAT, async |transaction| {
                Ok(transaction.query(&sql, &[&self.context]).await?)
            })
            .await?;
        let obstacle = |row: &tokio_postgres::Row| {
            let (calls, disable): (String, String) = (row.get("calls"), row.get("disable"));
            Obstacle {
                version: None,
                object: row.get("object"),
                fact: format!(
                    "calls {calls}, which fails for what the migrations do: {}",
                    self.cause
                ),
                remedy: match self.is_unknown_name {
                    // The migrations run under a path of their own.
                    true => format!("alter function {calls} set search_path = public, pg_temp"),
                    false => format!("{disable}, and enable it again afterwards"),
                },
            }
        };
        Ok(rows.iter().map(obstacle).collect())
    }
}

/// Runs statements as the migrations run theirs.
///
/// # Errors
/// The server's.
pub(super) async fn statements(connection: &mut Connection, sql: &str) -> Result<Vec<Obstacle>> {
    let trouble = connection
        .rehearse(WHAT, async |transaction| match transaction.batch(sql).await {
            Ok(()) => Ok(None),
            Err(error) => judge(error),
        })
        .await?;
    name(connection, trouble, "an event trigger").await
}

/// Runs a statement that writes rows, and what is deferred to the end of a transaction.
///
/// # Errors
/// The server's.
pub(super) async fn rows(connection: &mut Connection, sql: &str) -> Result<Vec<Obstacle>> {
    let trouble = connection
        .rehearse(WHAT, async |transaction| {
            if let Err(error) = transaction.write(sql, &[]).await {
                return judge(error);
            }
            match transaction.batch("set constraints all immediate").await {
                Ok(()) => Ok(None),
                Err(error) => judge(error),
            }
        })
        .await?;
    name(connection, trouble, "a trigger").await
}

fn judge(error: ServerError) -> Result<Option<Trouble>, Fault> {
    match retry::is_passing(&error) || retry::is_broken(&error) {
        true => Err(error.into()),
        false => Ok(Some(Trouble::of(&error))),
    }
}

async fn name(connection: &mut Connection, trouble: Option<Trouble>, what: &str) -> Result<Vec<Obstacle>> {
    let Some(trouble) = trouble else {
        return Ok(Vec::new());
    };
    let named = trouble.obstacles(connection).await?;
    if !named.is_empty() {
        return Ok(named);
    }
    Ok(vec![Obstacle {
        version: None,
        object: what.to_owned(),
        fact: format!("refuses what the migrations do: {}", trouble.cause),
        remedy: match trouble.context.lines().next() {
            Some(context) => format!("see {context}"),
            None => "find out what fires, and let it pass".to_owned(),
        },
    }])
}
