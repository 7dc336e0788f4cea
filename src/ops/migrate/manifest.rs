//! What the migrations create, by name, read from their own text.

use refinery::Migration;
use serde::Serialize;

/// The names of what migrations create. Tables and functions have their schema, the others none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Manifest {
    /// Tables.
    pub tables: Vec<String>,
    /// Columns of `public.agents`.
    pub columns: Vec<String>,
    /// Functions, without arguments.
    pub functions: Vec<String>,
    /// Indexes.
    pub indexes: Vec<String>,
    /// Constraints, also those that the text only drops.
    pub constraints: Vec<String>,
    /// Triggers.
    pub triggers: Vec<String>,
    /// Policies.
    pub policies: Vec<String>,
}

impl Manifest {
    /// Reads the text of `migrations`.
    #[must_use]
    pub fn of<'a>(migrations: impl IntoIterator<Item = &'a Migration>) -> Self {
        let mut manifest = Self::default();
        for migration in migrations {
            manifest.read(migration.sql().unwrap_or_default());
        }
        manifest
    }

    /// The names of tables and functions without their schema.
    #[must_use]
    pub fn bare_names(&self) -> Vec<&str> {
        let qualified = self.tables.iter().chain(&self.functions);
        qualified.filter_map(|name| name.split('.').next_back()).collect()
    }

    fn read(&mut self, sql: &str) {
        let code: Vec<&str> = sql
            .lines()
            .filter(|line| !line.trim_start().starts_with("--"))
            .collect();
        let code = code.join("\n").to_ascii_lowercase();
        let words: Vec<&str> = code
            .split(|c: char| c.is_whitespace() || "(),;'".contains(c))
            .filter(|word| !word.is_empty() && !FILLERS.contains(word))
            .collect();
        for window in words.windows(3) {
            let (list, name) = match window {
                ["create", "table", name] => (&mut self.tables, name),
                ["create", "function", name] => (&mut self.functions, name),
                ["create", "index", name] => (&mut self.indexes, name),
                ["create", "trigger", name] => (&mut self.triggers, name),
                ["create", "policy", name] => (&mut self.policies, name),
                ["add", "column", name] => (&mut self.columns, name),
                [_, "constraint", name] => (&mut self.constraints, name),
                _ => continue,
            };
            let is_name = name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_.".contains(c));
            if is_name && !list.iter().any(|known| known == name) {
                list.push((*name).to_owned());
            }
        }
    }
}

/// Words between `create` or `drop` and the name.
const FILLERS: [&str; 8] = [
    "or",
    "replace",
    "if",
    "not",
    "exists",
    "unique",
    "concurrently",
    "only",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::migrate::embedded;

    #[test]
    fn names_are_read_whatever_stands_before_them() {
        let sql = "-- create table public.no\ncreate table if not exists public.t (id uuid constraint t_pkey primary key);\n\
                   create or replace function vital_private.f(p int) ...; create unique index u on public.t (id);\n\
                   execute 'CREATE INDEX i ON public.t'; execute format('create policy %I on %s', 1, 2);\n\
                   alter table public.agents add column if not exists c uuid, add constraint k check (true)";
        let migration = Migration::unapplied("V1__m", sql);
        let Ok(migration) = migration else {
            panic!("no migration")
        };
        let manifest = Manifest::of([&migration]);
        assert_eq!(manifest.tables, ["public.t"]);
        assert_eq!(manifest.functions, ["vital_private.f"]);
        assert_eq!(manifest.indexes, ["u", "i"]);
        assert_eq!(manifest.constraints, ["t_pkey", "k"]);
        assert_eq!(manifest.columns, ["c"]);
        assert_eq!(manifest.bare_names(), ["t", "f"]);
        assert_eq!(manifest.policies, Vec::<String>::new());
    }

    #[test]
    fn the_migrations_create_what_the_catalog_lists() {
        let migrations = embedded::migrations();
        let manifest = Manifest::of(&migrations);
        assert_eq!(manifest.columns.len(), 10);
        assert_eq!(manifest.policies.len(), 11);
        for table in ["public.tenants", "public.resource_sharing_audit"] {
            assert!(manifest.tables.iter().any(|name| name == table), "{table}");
        }
        let of_agents = manifest
            .indexes
            .iter()
            .filter(|name| name.starts_with("idx_agents"));
        assert_eq!(of_agents.count(), 4);
    }
}
