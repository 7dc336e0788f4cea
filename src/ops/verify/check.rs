//! The checks: one file each in `sql/verify`, whose first lines say what it is.

use serde::{Deserialize, Serialize};

use crate::ops::manifest::Manifest;
use crate::ops::migrate::statements::body;

/// The files of `sql/verify`: stem and text.
const FILES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/verify.rs"));
/// The files of `sql/catalog`: stem and text.
const CATALOG: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/catalog.rs"));

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Isolation or the promise is broken.
    #[default]
    Error,
    /// It may become a problem, or costs time.
    Warning,
    /// Good to know.
    Info,
}

impl Level {
    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }

    pub(super) fn parse(text: &str) -> Self {
        match text {
            "warning" => Self::Warning,
            "info" => Self::Info,
            _ => Self::Error,
        }
    }
}

/// One check, as the head of its file describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The stable name.
    pub id: String,
    /// How bad its findings are, unless a finding says otherwise.
    pub level: Level,
    /// What a finding states.
    pub title: String,
    /// Why it matters.
    pub explanation: String,
    /// What to do about it.
    pub fix: String,
    /// What of its findings `--fix` mends, if anything.
    pub mends: Option<String>,
    /// The relation without which there is nothing to check.
    pub requires: Option<String>,
    /// Who acts, for a check that acts as users.
    pub actors: Vec<String>,
    /// What its findings follow from, if it is found too: objects, `*` for any text.
    #[serde(skip)]
    pub(super) causes: Vec<String>,
    /// Whether a refusal is a finding rather than a pass.
    #[serde(skip)]
    pub(super) must_succeed: bool,
    /// Whether a refusal keeps the check from being made.
    #[serde(skip)]
    pub(super) must_answer: bool,
    /// Whether everything but a refusal is a finding, another error included.
    #[serde(skip)]
    pub(super) must_fail: bool,
    #[serde(skip)]
    pub(super) sql: String,
}

impl Check {
    fn parse(text: &str) -> Self {
        let head = text.lines().take_while(|line| line.starts_with("--"));
        let mut fields: Vec<(&str, String)> = Vec::new();
        for line in head {
            let line = line.trim_start_matches('-');
            match (line.strip_prefix("   "), fields.last_mut()) {
                (Some(more), Some((_, value))) => {
                    value.push(' ');
                    value.push_str(more.trim());
                }
                _ => fields.extend(
                    line.split_once(':')
                        .map(|(key, value)| (key.trim(), value.trim().to_owned())),
                ),
            }
        }
        let optional = |key: &str| fields.iter().find(|(k, _)| *k == key).map(|(_, v)| v.clone());
        let field = |key: &str| optional(key).unwrap_or_default();
        Self {
            id: field("id"),
            level: Level::parse(&field("level")),
            title: field("title"),
            explanation: field("explanation"),
            fix: field("fix"),
            mends: optional("mends"),
            requires: optional("requires"),
            actors: field("actors").split_whitespace().map(str::to_owned).collect(),
            causes: field("causes").split_whitespace().map(str::to_owned).collect(),
            must_succeed: field("expects") == "success",
            must_answer: field("expects") == "answer",
            must_fail: field("expects") == "refusal",
            sql: expand(body(text)),
        }
    }

    /// Whether it acts as users, in a transaction of its own.
    #[must_use]
    pub fn acts(&self) -> bool {
        !self.actors.is_empty()
    }

    /// Whether it compares with the promise, which makes sense only where every migration is applied.
    #[must_use]
    pub fn needs_migrations(&self) -> bool {
        self.acts() || self.id.starts_with("shape-") || self.id == "seeds"
    }
}

/// Returns every check, sorted by id.
#[must_use]
pub fn checks() -> Vec<Check> {
    let mut checks: Vec<Check> = FILES.iter().map(|(_, text)| Check::parse(text)).collect();
    checks.sort_by(|a, b| a.id.cmp(&b.id));
    checks
}

/// Returns the query that lists the live objects of a kind.
pub(super) fn catalog_query(kind: &str) -> String {
    let found = CATALOG.iter().find(|(stem, _)| *stem == kind);
    found.map(|(_, text)| expand(body(text))).unwrap_or_default()
}

/// Puts catalog queries in for `{scope}`, `{our_tables}`, `{our_functions}`, `{path_schemas}`, `{catalog:kind}` and
/// `{difference:kind}`, and lists of the manifest.
pub(super) fn expand(sql: &str) -> String {
    let mut expanded = String::with_capacity(sql.len() * 2);
    let mut rest = sql;
    while let Some(start) = rest.find('{') {
        let (before, tail) = rest.split_at(start);
        expanded.push_str(before);
        let named = tail[1..]
            .split_once('}')
            .and_then(|(name, after)| Some((included(name)?, after)));
        match named {
            Some((query, after)) => {
                expanded.push_str(&query);
                rest = after;
            }
            None => {
                expanded.push('{');
                rest = &tail[1..];
            }
        }
    }
    expanded.push_str(rest);
    expanded
}

fn included(name: &str) -> Option<String> {
    match name.split_once(':') {
        Some(("difference", kind)) => {
            let frame = CATALOG.iter().find(|(stem, _)| *stem == "difference")?.1;
            Some(
                expand(body(frame))
                    .replace("{kind}", kind)
                    .replace("{live}", &catalog_query(kind)),
            )
        }
        Some(("catalog", kind)) => Some(catalog_query(kind)),
        Some(("names" | "qualified", _)) => Manifest::embedded().ok()?.list(name),
        None if matches!(name, "scope" | "our_tables" | "our_functions" | "path_schemas") => {
            Some(catalog_query(name))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_says_what_it_checks() {
        for ((stem, _), check) in FILES.iter().zip(FILES.iter().map(|(_, text)| Check::parse(text))) {
            assert_eq!(check.id, stem.replace('_', "-"), "{stem}");
            for text in [&check.title, &check.explanation, &check.fix] {
                assert!(!text.is_empty(), "{stem}");
            }
            assert!(
                !check.title.ends_with('.') && check.explanation.ends_with('.'),
                "{stem}"
            );
            assert!(
                check.sql.contains(&format!("'{}' as check_id", check.id)),
                "{stem}"
            );
        }
    }

    #[test]
    fn every_include_is_found() {
        for check in checks() {
            for word in [
                "{scope",
                "{names",
                "{qualified",
                "{our_",
                "{catalog",
                "{difference",
                "{kind",
                "{live",
            ] {
                assert!(!check.sql.contains(word), "{}: {word}", check.id);
            }
        }
    }

    #[test]
    fn a_brace_that_includes_nothing_stays() {
        assert_eq!(expand("'{owner,admin}' {x} {"), "'{owner,admin}' {x} {");
    }
}
