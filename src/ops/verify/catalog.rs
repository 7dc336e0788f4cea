//! The catalog that the migrations promise, and the live one in the same form.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check;
use super::pipeline;
use crate::db::{Connection, Fault, Transaction};
use crate::error::{Error, Result};
use crate::ops::manifest::{Manifest, Objects, PROMISE};
use crate::ops::migrate::embedded;
use crate::report::{Cell, Columns, Report, Table};

/// The kinds of objects, as the files of `sql/catalog` are named.
pub const KINDS: [&str; 13] = [
    "schemas",
    "tables",
    "columns",
    "constraints",
    "indexes",
    "functions",
    "function_grants",
    "triggers",
    "policies",
    "table_grants",
    "column_grants",
    "comments",
    "row_security",
];

/// The objects of the tenancy by kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Catalog {
    /// Kind to name to facts.
    pub catalog: BTreeMap<String, Objects>,
}

impl Catalog {
    /// Reads the promise that this binary carries.
    ///
    /// # Errors
    /// [`crate::Kind::Failed`] if the embedded file is damaged, which a test excludes.
    pub fn promised() -> Result<Self> {
        serde_yaml::from_str(PROMISE).map_err(|error| {
            Error::failed("the promised catalog cannot be read").with_cause(error.to_string())
        })
    }

    /// Reads the live catalog in one read-only transaction. What the promise knows has its `since`, too.
    ///
    /// # Errors
    /// [`crate::Kind::Failed`] if a query fails.
    pub async fn live(connection: &mut Connection) -> Result<Self> {
        let read = async |transaction: &Transaction<'_>| Self::read(transaction).await;
        let mut catalog = connection.read("could not read the catalog", read).await?;
        let manifest = Manifest::embedded()?;
        for (kind, objects) in &mut catalog {
            for object in manifest.objects(kind) {
                if let (Some(facts), Some(since)) = (objects.get_mut(object.name), object.since) {
                    facts.insert("since".to_owned(), since.into());
                }
            }
        }
        Ok(Self { catalog })
    }

    async fn read(transaction: &Transaction<'_>) -> Result<BTreeMap<String, Objects>, Fault> {
        transaction.batch("set local jit = off").await?;
        let queries: Vec<String> = KINDS.iter().map(|kind| check::catalog_query(kind)).collect();
        let answers = queries.iter().map(|sql| transaction.query(sql, &[])).collect();
        let mut catalog = BTreeMap::new();
        for (kind, rows) in KINDS.iter().zip(pipeline::in_order(answers).await) {
            let mut objects = Objects::new();
            for row in rows? {
                let facts: Value = row.try_get("facts")?;
                let facts = facts.as_object().cloned().unwrap_or_default();
                objects.insert(row.try_get("object")?, facts.into_iter().collect());
            }
            catalog.insert((*kind).to_owned(), objects);
        }
        Ok(catalog)
    }

    /// The promise as the checks read it: facts that a database has, and the migrations of this binary.
    pub(super) fn for_checks(&self) -> String {
        let mut catalog = self.catalog.clone();
        for facts in catalog.values_mut().flat_map(BTreeMap::values_mut) {
            facts.remove("since");
        }
        let mut promise = json!(catalog);
        let migrations = embedded::migrations();
        promise["migrations"] = migrations
            .iter()
            .map(|m| {
                let facts = json!({"name": m.name(), "checksum": m.checksum().to_string()});
                (m.version().to_string(), facts)
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
        promise.to_string()
    }
}

impl Report for Catalog {
    const SCHEMA: &'static str = "vital.catalog/1";

    fn table(&self) -> Table {
        let facts = self.catalog.iter().flat_map(|(kind, objects)| {
            let facts = objects
                .iter()
                .flat_map(|(object, facts)| facts.iter().map(move |fact| (object, fact)));
            facts.map(move |(object, (fact, value))| (kind, object, fact, value))
        });
        Columns::of(facts)
            .column("kind", |(kind, ..)| Cell::text(*kind))
            .column("object", |(_, object, ..)| Cell::text(*object))
            .column("fact", |(.., fact, _)| Cell::text(*fact))
            .column("value", |(.., value)| match value.as_str() {
                Some(text) => Cell::text(text),
                None => Cell::text(value.to_string()),
            })
            .table()
    }
}
