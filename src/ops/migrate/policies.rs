//! Row-level security policies that were there before: which are ours, and what the others open.

use serde::{Deserialize, Serialize};

use super::V1_TENANTS;
use crate::ops::manifest::{Manifest, Object};

/// A policy as the server describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The table, schema-qualified.
    pub table: String,
    /// The name.
    pub name: String,
    /// Whether it widens access; a restrictive one narrows it.
    pub permissive: bool,
    /// `select`, `insert`, `update`, `delete` or `all`.
    pub command: String,
    /// The roles it is for.
    pub roles: Vec<String>,
    /// Which rows may be read or changed.
    pub using: Option<String>,
    /// Which rows may be written.
    pub with_check: Option<String>,
    /// What [`consent`] names it by, so that a policy which changed meanwhile is not replaced.
    pub fingerprint: String,
}

impl Policy {
    /// Tells whether a migration defines a policy of this name on this table.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        of_table(&self.table).any(|policy| policy.bare() == self.name)
    }

    /// The migration that replaces the policies of its table: the one that defines the tenancy's.
    #[must_use]
    pub fn replaced_by(&self) -> i64 {
        of_table(&self.table)
            .filter_map(|policy| policy.since)
            .min()
            .unwrap_or(V1_TENANTS)
    }

    /// The statement that creates it, in one line.
    #[must_use]
    pub fn definition(&self) -> String {
        let mut text = format!(
            "create policy \"{}\" on {} as {} for {} to {}",
            self.name.replace('"', "\"\""),
            self.table,
            if self.permissive {
                "permissive"
            } else {
                "restrictive"
            },
            self.command,
            self.roles.join(", ")
        );
        if let Some(using) = &self.using {
            text.push_str(&format!(" using ({})", one_line(using)));
        }
        if let Some(check) = &self.with_check {
            text.push_str(&format!(" with check ({})", one_line(check)));
        }
        text
    }

    /// What it opens, in a sentence.
    #[must_use]
    pub fn opens(&self) -> String {
        let who = if self.roles.iter().any(|role| role == "public") {
            "everybody".to_owned()
        } else {
            self.roles.join(", ")
        };
        let what = match self.command.as_str() {
            "select" => "read",
            "insert" => "insert",
            "update" => "change",
            "delete" => "delete",
            _ => "read, insert, change and delete",
        };
        let condition = self.using.as_ref().or(self.with_check.as_ref());
        let rows = match condition.map(|text| text.as_str()) {
            None | Some("true") => format!("every row of {}", self.table),
            Some(condition) => format!("rows of {} where {}", self.table, one_line(condition)),
        };
        // What compares the tenant may still compare it with what the user says; that is for a person to judge.
        let compares = condition.is_some_and(|text| {
            let text = ["tenant_id IS NOT NULL", "tenant_id = tenant_id"]
                .iter()
                .fold(text.as_str().to_owned(), |text, vacuous| {
                    text.replace(vacuous, "")
                });
            text.contains("tenant")
        });
        let whose = if compares { "" } else { ", of whatever tenant" };
        format!("lets {who} {what} {rows}{whose}")
    }
}

/// The promised policies of a table.
fn of_table(table: &str) -> impl Iterator<Item = Object<'static>> {
    let manifest = Manifest::embedded().ok();
    let policies = manifest
        .into_iter()
        .flat_map(|manifest| manifest.objects("policies"));
    policies.filter(move |policy| policy.table == Some(table))
}

/// Joins the lines into which the server breaks an expression.
fn one_line(expression: &str) -> String {
    let lines: Vec<&str> = expression.lines().map(str::trim).collect();
    lines.join(" ")
}

/// Selects the policies that only a consent lets the pending migrations replace: foreign ones that widen access.
#[must_use]
pub fn leftovers(policies: &[Policy], pending: &[i64]) -> Vec<Policy> {
    foreign(policies, true)
        .filter(|policy| pending.contains(&policy.replaced_by()))
        .cloned()
        .collect()
}

/// Names what stays and deserves a look: restrictive foreign policies, and foreign ones that no pending migration
/// replaces.
#[must_use]
pub fn remarks(policies: &[Policy], pending: &[i64]) -> Vec<String> {
    let restrictive = foreign(policies, false).map(|policy| {
        format!(
            "policy \"{}\" on {} is restrictive, so it cannot widen access, and stays",
            policy.name, policy.table
        )
    });
    let late = foreign(policies, true)
        .filter(|policy| !pending.contains(&policy.replaced_by()))
        .map(|policy| {
            format!(
                "policy \"{}\" on {} {}, and no pending migration replaces it",
                policy.name,
                policy.table,
                policy.opens()
            )
        });
    restrictive.chain(late).collect()
}

fn foreign(policies: &[Policy], permissive: bool) -> impl Iterator<Item = &Policy> {
    policies
        .iter()
        .filter(move |policy| policy.permissive == permissive && !policy.is_ours())
}

/// Writes the consent that `vital_private.replace_policies` reads from the setting `vital.replace_policies`.
#[must_use]
pub fn consent(policies: &[Policy]) -> String {
    let entries: Vec<serde_json::Value> = policies
        .iter()
        .map(|policy| {
            serde_json::json!({
                "table": policy.table,
                "name": policy.name,
                "fingerprint": policy.fingerprint,
            })
        })
        .collect();
    serde_json::Value::from(entries).to_string()
}

#[cfg(test)]
mod tests {
    use super::super::V3_POLICIES;
    use super::*;
    use crate::ops::migrate::embedded;

    fn policy(table: &str, name: &str) -> Policy {
        Policy {
            table: table.to_owned(),
            name: name.to_owned(),
            permissive: true,
            command: "select".to_owned(),
            roles: vec!["public".to_owned()],
            using: Some("(is_active = true)".to_owned()),
            with_check: None,
            fingerprint: "x".to_owned(),
        }
    }

    #[test]
    fn a_leftover_says_what_it_opens() {
        let mut leftover = policy("public.agents", "Any \"one\"");
        assert_eq!(
            leftover.opens(),
            "lets everybody read rows of public.agents where (is_active = true), of whatever tenant"
        );
        assert_eq!(
            leftover.definition(),
            "create policy \"Any \"\"one\"\"\" on public.agents as permissive for select to public \
             using ((is_active = true))"
        );
        leftover.using = Some("true".to_owned());
        leftover.command = "all".to_owned();
        leftover.roles = vec!["a".to_owned(), "b".to_owned()];
        assert_eq!(
            leftover.opens(),
            "lets a, b read, insert, change and delete every row of public.agents, of whatever tenant"
        );
    }

    #[test]
    fn what_compares_the_tenant_is_not_said_to_ignore_it() {
        let mut leftover = policy("public.agents", "p");
        leftover.using = Some("(tenant_id = (current_setting('app.tenant_id'::text))::uuid)".to_owned());
        assert!(leftover.opens().ends_with("::uuid)"), "{}", leftover.opens());
        for vacuous in [
            "(tenant_id IS NOT NULL)",
            "(tenant_id = tenant_id)",
            "(is_active = true)",
        ] {
            leftover.using = Some(vacuous.to_owned());
            assert!(leftover.opens().ends_with(", of whatever tenant"), "{vacuous}");
        }
    }

    #[test]
    fn only_foreign_permissive_policies_of_pending_migrations_need_consent() {
        let ours = policy("public.tenants", "tenants_select_member");
        let elsewhere = policy("public.agents", "tenants_select_member");
        let mut restrictive = policy("public.agents", "narrow");
        restrictive.permissive = false;
        let all = [ours, elsewhere.clone(), restrictive];
        assert_eq!(leftovers(&all, &[V1_TENANTS, V3_POLICIES]), [elsewhere]);
        assert_eq!(leftovers(&all, &[V1_TENANTS]), []);
        assert_eq!(remarks(&all, &[V1_TENANTS]).len(), 2);
    }

    #[test]
    fn the_list_of_ours_is_the_migrations_list() {
        let sql: String = embedded::migrations()
            .iter()
            .map(|migration| migration.up().to_owned())
            .collect();
        let created: Vec<(&str, &str)> = sql
            .split("\ncreate policy ")
            .skip(1)
            .filter_map(|text| {
                let mut words = text.split_whitespace();
                let (name, _on, table) = (words.next()?, words.next()?, words.next()?);
                Some((table, name))
            })
            .collect();
        assert_eq!(created.len(), 11);
        for (table, name) in created {
            assert!(policy(table, name).is_ours(), "{table} {name}");
        }
    }
}
