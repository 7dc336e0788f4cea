//! What stands in the way of a run, each with the next step.

use super::preflight::{Facts, Relation, TABLES};
use crate::error::{Error, Result};

const OLDEST_SERVER: i32 = 140_000;

impl Facts {
    /// Lists what stands in the way, the most fundamental first; empty if the migrations may run.
    #[must_use]
    pub fn problems(&self) -> Vec<Error> {
        let mut problems = Vec::new();
        problems.extend(self.wrong_server());
        problems.extend(self.wrong_agents());
        problems.extend(self.missing_api());
        problems.extend(self.closed_auth());
        problems.extend(self.foreign_functions());
        let tables = TABLES.iter().filter_map(|table| self.relation(table));
        problems.extend(tables.filter(|table| table.kind != "table").map(wrong_kind));
        problems.extend(self.owners());
        problems.extend(self.missing_privileges());
        problems
    }

    fn wrong_server(&self) -> Option<Error> {
        if self.server_version_num < OLDEST_SERVER {
            return Some(
                Error::failed(format!("the server is PostgreSQL {}", self.server_version))
                    .with_hint("vital needs PostgreSQL 14 or later; upgrade the server first"),
            );
        }
        if self.in_recovery {
            return Some(
                Error::failed("the server is a standby and takes no writes").with_hint(
                    "connect to the primary; with several hosts in the URL, target_session_attrs=read-write finds it",
                ),
            );
        }
        self.read_only.then(|| {
            Error::failed("the session is read-only (default_transaction_read_only is on)").with_hint(
                "somebody protects this database, role or server from writes; ask them, or connect as another role",
            )
        })
    }

    fn wrong_agents(&self) -> Option<Error> {
        let database = &self.database;
        let Some(agents) = self.relation("agents") else {
            return Some(
                Error::failed(format!(
                    "there is no table public.agents in database `{database}`"
                ))
                .with_hint("is this the right database? The migrations extend an existing `agents`"),
            );
        };
        if agents.kind != "table" {
            let kind = &agents.kind;
            return Some(
                Error::failed(format!("public.agents is a {kind}, not a plain table")).with_hint(
                    "policies, triggers and a primary key are needed on it, so `agents` must be a plain table; is this \
                     the right database?",
                ),
            );
        }
        match self.agents_columns.get("id").map(String::as_str) {
            Some("uuid") => {}
            Some(other) => {
                return Some(
                    Error::failed(format!("column id of public.agents is {other}, not uuid")).with_hint(
                        "the audit and the functions refer to agents by uuid; change the column first",
                    ),
                );
            }
            None => {
                return Some(
                    Error::failed("public.agents has no column id")
                        .with_hint("the migrations need a primary key `id` of type uuid"),
                );
            }
        }
        let missing = ["name", "created_at"]
            .into_iter()
            .find(|column| !self.agents_has(column));
        if let Some(column) = missing {
            return Some(
                Error::failed(format!("public.agents has no column {column}"))
                    .with_hint(format!("add `{column}`: indexes and the audit need it")),
            );
        }
        None
    }

    fn missing_api(&self) -> Option<Error> {
        let mut missing: Vec<String> = self
            .missing_roles
            .iter()
            .map(|role| format!("role {role}"))
            .collect();
        if !self.has_auth_uid {
            missing.push("function auth.uid()".to_owned());
        }
        (!missing.is_empty()).then(|| {
            Error::failed(format!("the database lacks {}", missing.join(", "))).with_hint(
                "the policies are written for them; `vital bootstrap` creates what is missing and changes nothing else",
            )
        })
    }

    /// Every policy asks who is calling.
    fn closed_auth(&self) -> Option<Error> {
        let role = &self.role;
        (!self.may_use_auth).then(|| {
            Error::failed(format!("role {role} may not call auth.uid()")).with_hint(format!(
                "grant usage on schema auth to \"{role}\"; grant execute on function auth.uid() to \"{role}\"; or run \
                 `vital bootstrap` as a superuser, which gives it to the owner of public.agents"
            ))
        })
    }

    /// Functions that somebody else gave the names of ours: an overload would be called in place of the checked one.
    fn foreign_functions(&self) -> Option<Error> {
        (!self.foreign_functions.is_empty()).then(|| {
            Error::failed(format!(
                "schema public has functions of the tenancy's names that somebody else made: {}",
                self.foreign_functions.join(", ")
            ))
            .with_hint("find out who made them and why; then drop them, or rename those that something needs")
        })
    }

    /// The tables that belong to others, by owner.
    fn owners(&self) -> Vec<Error> {
        let tables = ["agents"].into_iter().chain(TABLES);
        let foreign = tables
            .filter_map(|table| self.relation(table))
            .filter(|relation| relation.kind == "table" && !relation.owned);
        let mut by_owner: Vec<(&str, Vec<String>)> = Vec::new();
        for Relation { name, owner, .. } in foreign {
            let name = format!("public.{name}");
            match by_owner.iter_mut().find(|(known, _)| known == owner) {
                Some((_, names)) => names.push(name),
                None => by_owner.push((owner, vec![name])),
            }
        }
        let problem = |(owner, names): (&str, Vec<String>)| {
            Error::failed(format!("role {} does not own {}", self.role, names.join(", "))).with_hint(format!(
                "connect as {owner}, or grant it: grant \"{owner}\" to \"{}\"",
                self.role
            ))
        };
        by_owner.into_iter().map(problem).collect()
    }

    fn missing_privileges(&self) -> Option<Error> {
        let Self { role, database, .. } = self;
        let lacks = |what: &str, grant: String| {
            Error::failed(format!("role {role} may not create {what}")).with_hint(grant)
        };
        match self.may_create_in_private {
            _ if !self.may_create_schema => Some(lacks(
                &format!("schemas in database `{database}`"),
                format!("grant create on database \"{database}\" to \"{role}\""),
            )),
            // Whoever owns the tables owns it, and that was said.
            Some(false) if self.owners().is_empty() => Some(lacks(
                "objects in schema vital_private",
                format!("connect as its owner, or grant create, usage on schema vital_private to \"{role}\""),
            )),
            _ if !self.may_create_in_public => Some(lacks(
                "objects in schema public",
                format!("grant create on schema public to \"{role}\""),
            )),
            _ => None,
        }
    }

    /// Fails with the first problem and names the others.
    ///
    /// # Errors
    /// [`crate::Kind::Failed`].
    pub fn check(&self) -> Result<()> {
        check(self.problems())
    }
}

/// Fails with the first of the problems and names the others.
///
/// # Errors
/// [`crate::Kind::Failed`].
pub(super) fn check(problems: Vec<Error>) -> Result<()> {
    let mut problems = problems.into_iter();
    let Some(mut first) = problems.next() else {
        return Ok(());
    };
    first.details.extend(problems.map(|other| match other.hint {
        Some(hint) => format!("also: {} ({hint})", other.message),
        None => format!("also: {}", other.message),
    }));
    let hint = first.hint.take().unwrap_or_default();
    Err(first.with_hint(format!("{hint}; nothing was changed")))
}

fn wrong_kind(relation: &Relation) -> Error {
    let Relation { name, kind, .. } = relation;
    Error::failed(format!("public.{name} is a {kind}, not a plain table")).with_hint(format!(
        "the migrations own a table of that name; rename the {kind} first"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(change: impl FnOnce(&mut Facts)) -> Vec<String> {
        let json = r#"{"server_version": "15.1", "server_version_num": 150001, "database": "d", "in_recovery": false,
            "read_only": false, "role": "r", "may_create_schema": true, "may_create_in_public": true,
            "may_create_in_private": null, "agents_columns": {"id": "uuid", "name": "text", "created_at": "timestamptz"},
            "relations": [{"name": "agents", "kind": "table", "owner": "r", "owned": true, "estimate": 254}],
            "missing_roles": [], "has_auth_uid": true, "may_use_auth": true, "foreign_functions": [],
            "creators_in_public": null, "owns_public": true, "policies": [], "other_histories": []}"#;
        let facts: Result<Facts, _> = serde_json::from_str(json);
        let Ok(mut facts) = facts else {
            return vec!["unreadable".to_owned()];
        };
        change(&mut facts);
        facts
            .problems()
            .into_iter()
            .map(|problem| problem.message)
            .collect()
    }

    #[test]
    fn a_database_as_it_should_be_has_no_problem() {
        assert_eq!(facts(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn each_precondition_is_told() {
        assert_eq!(facts(|f| f.server_version_num = 130_000).len(), 1);
        assert_eq!(
            facts(|f| f.in_recovery = true),
            ["the server is a standby and takes no writes"]
        );
        assert_eq!(
            facts(|f| f.relations.clear()),
            ["there is no table public.agents in database `d`"]
        );
        assert_eq!(
            facts(|f| f.relations[0].kind = "view".to_owned()),
            ["public.agents is a view, not a plain table"]
        );
        assert_eq!(
            facts(|f| f.relations[0].owned = false),
            ["role r does not own public.agents"]
        );
        assert_eq!(
            facts(|f| drop(f.agents_columns.insert("id".to_owned(), "bigint".to_owned()))),
            ["column id of public.agents is bigint, not uuid"]
        );
        assert_eq!(
            facts(|f| {
                f.has_auth_uid = false;
                f.missing_roles.push("anon".to_owned());
            }),
            ["the database lacks role anon, function auth.uid()"]
        );
        assert_eq!(
            facts(|f| f.may_create_schema = false),
            ["role r may not create schemas in database `d`"]
        );
        assert_eq!(
            facts(|f| f.may_create_in_private = Some(false)),
            ["role r may not create objects in schema vital_private"]
        );
    }

    #[test]
    fn several_problems_are_told_at_once() {
        let problems = facts(|f| {
            f.read_only = true;
            f.relations.clear();
            f.has_auth_uid = false;
        });
        assert_eq!(problems.len(), 3);
    }
}
