//! Gives a plain PostgreSQL the roles and functions that the policies refer to, as Supabase shapes them.

use serde::Serialize;
use tokio_postgres::Error as ServerError;
use tokio_postgres::error::SqlState;

use crate::db::{Connection, Fault, Transaction};
use crate::error::{Error, Result};
use crate::report::{Cell, Columns, Report, Table, Tone};

const FACTS: &str = include_str!("../../sql/bootstrap/facts.sql");
const ROLES: &str = include_str!("../../sql/bootstrap/roles.sql");
const AUTH: &str = include_str!("../../sql/bootstrap/auth.sql");
const OWNER: &str = include_str!("../../sql/bootstrap/owner.sql");
const WHAT: &str = "could not create the roles and functions of the API";

/// What the API needs, and whether the bootstrap created it or found it.
#[derive(Debug, Serialize)]
pub struct Bootstrap {
    /// Every role, schema and function, in the order of creation.
    pub objects: Vec<Object>,
}

/// One object of the bootstrap.
#[derive(Debug, Serialize)]
pub struct Object {
    /// `role`, `schema`, `function` or `grant`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Whether it was created just now; an existing one is left as it is.
    pub created: bool,
}

impl Report for Bootstrap {
    const SCHEMA: &'static str = "vital.bootstrap/1";

    fn table(&self) -> Table {
        Columns::of(&self.objects)
            .column("kind", |object| Cell::text(&object.kind))
            .column("name", |object| Cell::text(&object.name))
            .column("state", |object| match object.created {
                true => Cell::text("created").tone(Tone::Good),
                false => Cell::text("exists, left as it is").tone(Tone::Dim),
            })
            .table()
    }

    fn summary(&self) -> Vec<String> {
        match self.objects.iter().filter(|object| object.created).count() {
            0 => vec!["nothing to do: everything is there".to_owned()],
            created => vec![format!("created {created} of {}", self.objects.len())],
        }
    }
}

/// Creates the API's roles and schema `auth` where they are missing, in one transaction.
///
/// # Errors
/// [`crate::Kind::Failed`] if the role may not create roles or schemas, or [`crate::Kind::Unreachable`]; nothing is kept
/// then. [`crate::Kind::Unknown`] if the connection broke at COMMIT and the outcome could not be read back.
pub async fn bootstrap(connection: &mut Connection) -> Result<Bootstrap> {
    connection
        .write(WHAT, async |transaction| create(transaction).await)
        .await
}

async fn create(transaction: &Transaction<'_>) -> Result<Bootstrap, Fault> {
    let facts = transaction.query(FACTS, &[]).await?;
    let objects: Vec<_> = facts
        .iter()
        .map(|row| Object {
            kind: row.get("kind"),
            name: row.get("object"),
            created: !row.get::<_, bool>("is_present"),
        })
        .collect();
    if objects.iter().any(|object| object.created) {
        transaction.batch(ROLES).await.map_err(refused)?;
        transaction.batch(AUTH).await.map_err(refused)?;
        transaction.batch(OWNER).await.map_err(refused)?;
    }
    Ok(Bootstrap { objects })
}

fn refused(error: ServerError) -> Fault {
    match error.code() {
        Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Error::failed(WHAT)
            .with_hint(
                "nothing was kept; run `vital bootstrap` as a superuser, because role service_role bypasses row security",
            )
            .caused_by(&error)
            .into(),
        _ => error.into(),
    }
}
