//! What a file of memberships changed, summed up.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ops::members::{Member, Members, OverQuota};
use crate::ops::tenancy::Outcome;
use crate::report::{Cell, Columns, Report, Table};

/// How many memberships of a tenant and role a file changed.
#[derive(Debug, Default, Serialize)]
pub struct Tally {
    /// The tenant's slug.
    pub tenant: String,
    /// The role.
    pub role: String,
    /// New members.
    pub added: usize,
    /// Members with another role or status before.
    pub changed: usize,
    /// Members who were up to date.
    pub unchanged: usize,
}

/// The answer of a file of memberships.
#[derive(Debug, Serialize)]
pub struct Roster {
    /// Whether this is only what would happen.
    pub dry_run: bool,
    /// How many lines there were.
    pub lines: usize,
    /// The counts by tenant and role.
    pub tallies: Vec<Tally>,
    /// Who loses something.
    #[serde(skip)]
    pub losing: Vec<Member>,
    /// Tenants that got somebody beyond their quota.
    pub over_quota: Vec<OverQuota>,
}

impl Roster {
    /// Sums up.
    #[must_use]
    pub fn of(members: &Members) -> Self {
        let mut tallies: BTreeMap<(&str, &str), Tally> = BTreeMap::new();
        for member in &members.members {
            let role = member.role.as_deref().unwrap_or_default();
            let tally = tallies.entry((&member.tenant, role)).or_default();
            match (member.changed, &member.previous_status) {
                (false, _) => tally.unchanged += 1,
                (true, None) => tally.added += 1,
                (true, Some(_)) => tally.changed += 1,
            }
        }
        let named = tallies.into_iter().map(|((tenant, role), tally)| Tally {
            tenant: tenant.to_owned(),
            role: role.to_owned(),
            ..tally
        });
        Self {
            dry_run: members.dry_run,
            lines: members.members.len(),
            tallies: named.collect(),
            losing: members
                .members
                .iter()
                .filter(|member| member.loss().is_some())
                .cloned()
                .collect(),
            over_quota: members.over_quota.clone(),
        }
    }
}

impl Outcome for Roster {
    fn changes(&self) -> usize {
        self.tallies.iter().map(|tally| tally.added + tally.changed).sum()
    }

    fn mark_preview(&mut self) {
        self.dry_run = true;
    }
}

impl Report for Roster {
    const SCHEMA: &'static str = "vital.roster/1";

    fn table(&self) -> Table {
        Columns::of(&self.tallies)
            .column("tenant", |tally| Cell::text(&tally.tenant))
            .column("role", |tally| Cell::text(&tally.role))
            .column("added", |tally| Cell::count(tally.added))
            .column("changed", |tally| Cell::count(tally.changed))
            .column("unchanged", |tally| Cell::count(tally.unchanged))
            .table()
    }

    fn summary(&self) -> Vec<String> {
        let said = match (self.changes(), self.dry_run) {
            (0, _) if self.lines == 0 => "nothing to do: the file is empty".to_owned(),
            (0, _) => format!("nothing to do: all {} are already up to date", self.lines),
            (changes, true) => format!("would change {changes} of {}; nothing was changed", self.lines),
            (changes, false) => format!("changed {changes} of {}", self.lines),
        };
        let over = self.over_quota.iter().map(OverQuota::warning);
        std::iter::once(said).chain(over).collect()
    }
}
