//! Which agents to change and how, with everything looked up that the arguments name.

use uuid::Uuid;

use super::super::Mode;
use super::super::tenant;
use crate::db::{Fault, Param, Transaction};
use crate::error::Error;
use crate::ops::find::agents;

/// Which agents: those that are named, or all that fit every filter.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Uuids, slugs or unique names.
    pub agents: Vec<String>,
    /// Their category.
    pub category: Option<String>,
    /// Their owner: a slug or uuid.
    pub owned_by: Option<String>,
    /// Their name, with `*` for any text and `?` for any character.
    pub name: Option<String>,
}

/// What to do with them; tenants are slugs or uuids.
#[derive(Debug, Clone)]
pub enum Verb {
    /// Share as this mode says, with these tenants if it is selective.
    Set(Mode, Vec<String>),
    /// Share with these tenants as well.
    Share(Vec<String>),
    /// No longer share with these tenants.
    Unshare(Vec<String>),
}

#[derive(Debug)]
pub(super) struct Parameters {
    ids: Option<Vec<Uuid>>,
    category: Option<String>,
    owner: Option<Uuid>,
    pattern: Option<String>,
    pub(super) verb: &'static str,
    mode: Option<&'static str>,
    recipients: Vec<Uuid>,
}

impl Parameters {
    pub(super) fn all(&self) -> [&dyn Param; 7] {
        [
            &self.ids,
            &self.category,
            &self.owner,
            &self.pattern,
            &self.verb,
            &self.mode,
            &self.recipients,
        ]
    }
}

pub(super) async fn parameters(
    transaction: &Transaction<'_>,
    choice: &Choice,
    verb: &Verb,
) -> Result<Parameters, Fault> {
    let filtered = choice.category.is_some() || choice.owned_by.is_some() || choice.name.is_some();
    if choice.agents.is_empty() && !filtered {
        return Err(
            Error::usage("choose agents: name them, or give --category, --owned-by or --name").into(),
        );
    }
    let named = agents::find(transaction, &choice.agents).await?;
    let owner = tenant::find(transaction, choice.owned_by.as_slice()).await?.pop();
    let (verb, mode, recipients) = match verb {
        Verb::Set(mode, with) => ("set", Some(mode.as_str()), with),
        Verb::Share(with) => ("share", None, with),
        Verb::Unshare(from) => ("unshare", None, from),
    };
    let mut tenants = tenant::find(transaction, recipients).await?;
    tenants.sort_by(|one, other| one.slug.cmp(&other.slug));
    tenants.dedup_by_key(|tenant| tenant.id);
    Ok(Parameters {
        ids: (!choice.agents.is_empty()).then(|| named.iter().map(|agent| agent.id).collect()),
        category: choice.category.clone(),
        owner: owner.map(|tenant| tenant.id),
        pattern: choice.name.as_deref().map(pattern),
        verb,
        mode,
        recipients: tenants.iter().map(|tenant| tenant.id).collect(),
    })
}

/// The `like` pattern of a glob.
fn pattern(glob: &str) -> String {
    let mut pattern = String::with_capacity(glob.len());
    for c in glob.chars() {
        match c {
            '*' => pattern.push('%'),
            '?' => pattern.push('_'),
            '%' | '_' | '\\' => pattern.extend(['\\', c]),
            c => pattern.push(c),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_matches_its_own_special_characters_only() {
        assert_eq!(pattern("50%_a*b?\\"), "50\\%\\_a%b_\\\\");
    }
}
