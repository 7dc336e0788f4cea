//! What is ours: every object that the migrations promise, each with the migration that creates it.
//!
//! The list is the promise, `sql/catalog/promise.yaml`, which is generated from a fresh migration, and beside it
//! `sql/catalog/earlier.yaml`, what the earlier form had. Whoever needs to know what is ours reads it here.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{Error, Result};

/// The promised objects, as a fresh migration leaves them on every supported version of PostgreSQL.
pub const PROMISE: &str = include_str!("../../sql/catalog/promise.yaml");
const EARLIER: &str = include_str!("../../sql/catalog/earlier.yaml");

/// The table that was there before the first migration.
pub const AGENTS: &str = "public.agents";

/// The objects of one kind: name to facts.
pub type Objects = BTreeMap<String, BTreeMap<String, Value>>;

/// Every promised object by kind.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    #[serde(rename = "catalog")]
    objects: BTreeMap<String, Objects>,
    #[serde(skip)]
    earlier: Value,
}

/// The names of what migrations create. Tables and functions have their schema, the others none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Names {
    /// Tables.
    pub tables: Vec<String>,
    /// Columns of `public.agents`.
    pub columns: Vec<String>,
    /// Functions, without arguments.
    pub functions: Vec<String>,
    /// Indexes.
    pub indexes: Vec<String>,
    /// Constraints.
    pub constraints: Vec<String>,
    /// Triggers.
    pub triggers: Vec<String>,
    /// Policies.
    pub policies: Vec<String>,
}

impl Names {
    /// The names of tables and functions without their schema.
    #[must_use]
    pub fn bare(&self) -> Vec<&str> {
        let qualified = self.tables.iter().chain(&self.functions);
        qualified.filter_map(|name| name.split('.').next_back()).collect()
    }
}

/// A promised object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object<'a> {
    /// Its name as the promise has it: of what belongs to a table, the table's name and a dot before its own.
    pub name: &'a str,
    /// The version of the migration that creates it; `None` if it was there before.
    pub since: Option<i64>,
    /// The table that it belongs to.
    pub table: Option<&'a str>,
}

impl<'a> Object<'a> {
    /// Its name without table, schema and arguments.
    #[must_use]
    pub fn bare(&self) -> &'a str {
        let name = match self.table.and_then(|table| self.name.strip_prefix(table)) {
            Some(rest) if rest.starts_with('.') => &rest[1..],
            _ => self.name.split_once('.').map_or(self.name, |(_, name)| name),
        };
        name.split_once('(').map_or(name, |(name, _)| name)
    }
}

impl Manifest {
    /// The manifest of this binary.
    ///
    /// # Errors
    /// [`crate::Kind::Failed`] if an embedded file is damaged, which a test excludes.
    pub fn embedded() -> Result<&'static Self> {
        static MANIFEST: OnceLock<Result<Manifest>> = OnceLock::new();
        let manifest = MANIFEST.get_or_init(|| Self::read(PROMISE, EARLIER));
        manifest.as_ref().map_err(Clone::clone)
    }

    fn read(promise: &str, earlier: &str) -> Result<Self> {
        let damaged = |error: serde_yaml::Error| {
            Error::failed("the promised catalog cannot be read").with_cause(error.to_string())
        };
        let mut manifest: Self = serde_yaml::from_str(promise).map_err(damaged)?;
        manifest.earlier = serde_yaml::from_str(earlier).map_err(damaged)?;
        Ok(manifest)
    }

    /// Lists the objects of a kind, as the files of `sql/catalog` are named, by name.
    pub fn objects(&self, kind: &str) -> impl Iterator<Item = Object<'_>> {
        self.objects
            .get(kind)
            .into_iter()
            .flatten()
            .map(|(name, facts)| Object {
                name,
                since: facts.get("since").and_then(Value::as_i64),
                table: facts.get("table").and_then(Value::as_str),
            })
    }

    /// Lists the names of the objects of a kind that one of the migrations creates.
    pub fn since<'a>(&'a self, kind: &str, versions: &[i64]) -> impl Iterator<Item = Object<'a>> {
        self.objects(kind)
            .filter(move |object| object.since.is_some_and(|since| versions.contains(&since)))
    }

    /// The columns that were added to `agents`.
    pub fn agents_columns(&self) -> impl Iterator<Item = &str> {
        let columns = self.objects("columns");
        columns
            .filter(|column| column.table == Some(AGENTS))
            .map(|column| column.bare())
    }

    /// The names of kind `kind` in the earlier form that the promise does not have.
    pub fn earlier(&self, kind: &str) -> impl Iterator<Item = &str> {
        let names = self.earlier.get(kind).and_then(Value::as_object);
        names.into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// Puts lists of names in for `{names:kind:scope}` and `{qualified:kind:scope}`, as SQL literals; the scope is a table, or
    /// of tables and functions their schema.
    #[must_use]
    pub fn fill(&self, sql: &str) -> String {
        let mut filled = String::with_capacity(sql.len());
        let mut rest = sql;
        while let Some(start) = rest.find('{') {
            let (before, tail) = rest.split_at(start);
            filled.push_str(before);
            match tail[1..]
                .split_once('}')
                .and_then(|(name, after)| Some((self.list(name)?, after)))
            {
                Some((list, after)) => {
                    filled.push_str(&list);
                    rest = after;
                }
                None => {
                    filled.push('{');
                    rest = &tail[1..];
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    /// The list that `names:kind:scope` or `qualified:kind:scope` stands for.
    #[must_use]
    pub fn list(&self, name: &str) -> Option<String> {
        let (form, rest) = name.split_once(':')?;
        let (kind, scope) = rest.split_once(':')?;
        if !matches!(form, "names" | "qualified") {
            return None;
        }
        let is_within = |object: &Object<'_>| match object.table.filter(|_| kind != "tables") {
            Some(table) => table == scope,
            None => object.name.split('.').next() == Some(scope),
        };
        let mut names: Vec<String> = self
            .objects(kind)
            .filter(is_within)
            .map(|object| match form {
                "names" => format!("'{}'", object.bare()),
                _ => format!("'{}'", object.name),
            })
            .collect();
        names.sort();
        names.dedup();
        Some(names.join(", "))
    }

    /// What the migrations of these versions create, by name.
    #[must_use]
    pub fn names(&self, versions: &[i64]) -> Names {
        let qualified = |kind| {
            self.since(kind, versions)
                .map(|object| object.name.to_owned())
                .collect()
        };
        let bare = |kind| {
            self.since(kind, versions)
                .map(|object| object.bare().to_owned())
                .collect()
        };
        let functions = self.since("functions", versions);
        let mut names = Names {
            tables: qualified("tables"),
            columns: self
                .since("columns", versions)
                .filter(|column| column.table == Some(AGENTS))
                .map(|column| column.bare().to_owned())
                .collect(),
            functions: functions
                .filter_map(|function| function.name.split('(').next())
                .map(str::to_owned)
                .collect(),
            indexes: bare("indexes"),
            constraints: bare("constraints"),
            triggers: bare("triggers"),
            policies: bare("policies"),
        };
        names.functions.dedup();
        names
    }

    /// All of it as the queries of `sql/preflight` read it from the setting `vital.manifest`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = json!(self.objects);
        json["earlier"] = self.earlier.clone();
        json.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_is_there_since_a_migration_or_before_all() -> Result<()> {
        let manifest = Manifest::embedded()?;
        let versions: Vec<i64> = crate::ops::migrate::embedded::migrations()
            .iter()
            .map(crate::ops::migrate::embedded::Migration::version)
            .collect();
        for kind in manifest.objects.keys() {
            for object in manifest.objects(kind) {
                let known = match object.since {
                    Some(since) => versions.contains(&since),
                    None => object.name == AGENTS || object.table == Some(AGENTS),
                };
                assert!(known, "{kind} {object:?}");
            }
        }
        Ok(())
    }

    #[test]
    fn names_are_found_by_kind_migration_and_table() -> Result<()> {
        let manifest = Manifest::embedded()?;
        assert_eq!(manifest.agents_columns().count(), 10);
        let tables: Vec<&str> = manifest
            .since("tables", &[20_251_026_000_003])
            .map(|table| table.name)
            .collect();
        assert_eq!(
            tables,
            ["public.resource_sharing_audit", "vital_private.sharing_sources"]
        );
        let names = manifest.names(&[20_251_026_000_002]);
        assert_eq!(
            (names.columns.len(), names.indexes.len(), names.tables.len()),
            (10, 4, 0)
        );
        let sql = manifest.fill("{a} in ({names:indexes:public.agents}) or {qualified:tables:public}");
        assert!(sql.starts_with("{a} in ('idx_agents_created_at', "), "{sql}");
        assert!(
            sql.contains(") or 'public.agents', 'public.resource_sharing_audit', "),
            "{sql}"
        );
        let mut functions = manifest.objects("functions").map(|function| function.bare());
        assert!(functions.any(|name| name == "can_access_resource"));
        let mut policies = manifest.objects("policies").map(|policy| policy.bare());
        assert!(policies.any(|name| name == "agents_select_with_sharing"));
        Ok(())
    }
}
