//! The explanation as a table.

use super::{Counted, Explanation, Verdict};
use crate::report::{Cell, Columns, Report, Table, Tone};

impl Report for Explanation {
    const SCHEMA: &'static str = "vital.sharing.explain/1";

    fn table(&self) -> Table {
        match (&self.agent, &self.sees) {
            (Some(verdict), _) => verdict.table(),
            (None, sees) => Columns::of(sees.iter().flat_map(|sees| &sees.rules))
                .column("rule", |counted| Cell::text(counted.rule.name()))
                .column("agents", |counted| Cell::number_text(counted.amount()))
                .column("meaning", |counted| Cell::text(counted.rule.says()))
                .table(),
        }
    }

    fn summary(&self) -> Vec<String> {
        let mut lines = vec![self.introduction()];
        for reason in &self.remarks {
            lines.push(format!("{}: {}", reason.says, reason.change));
        }
        if let Some(sees) = self.sees.as_ref().filter(|sees| !sees.agents.is_empty()) {
            lines.push(format!("the newest {}:", sees.agents.len()));
            for agent in &sees.agents {
                let owner = agent.owner.as_deref().unwrap_or("no tenant");
                lines.push(format!(
                    "  {}  {} ({owner}, {})",
                    agent.id,
                    agent.name,
                    agent.rule.name()
                ));
            }
        }
        lines
    }
}

impl Explanation {
    /// Who looks, in one sentence.
    #[must_use]
    pub fn introduction(&self) -> String {
        let viewer = &self.viewer;
        let acting = match &self.acting_for {
            Some(tenant) => format!("acts for {}", tenant.slug),
            None => "acts for no tenant".to_owned(),
        };
        match viewer.user {
            None => format!("a member of {} who {acting}", viewer.name),
            Some(_) if viewer.is_platform_admin => {
                format!("{} is a platform admin and {acting}", viewer.name)
            }
            Some(_) => format!("{} {acting}", viewer.name),
        }
    }
}

impl Verdict {
    /// Why it is seen, or everything that hides it.
    fn table(&self) -> Table {
        let reasons: Vec<(bool, String, &str)> = match self.rule {
            Some(rule) => vec![(true, format!("{}: it {}", rule.name(), rule.says()), "")],
            None => self
                .reasons
                .iter()
                .map(|reason| (false, reason.says.clone(), reason.change.as_str()))
                .collect(),
        };
        Columns::of(reasons)
            .column("agent", |_| Cell::text(&self.name))
            .column("visible", |(is_visible, ..)| match is_visible {
                true => Cell::text("yes").tone(Tone::Good),
                false => Cell::text("no").tone(Tone::Bad),
            })
            .column("because", |(_, because, _)| Cell::text(because))
            .column("to_change_it", |(.., change)| Cell::text(*change))
            .table()
    }
}

impl Counted {
    /// The count in words.
    #[must_use]
    pub fn amount(&self) -> String {
        match self.at_least {
            true => format!("{} or more", self.agents),
            false => self.agents.to_string(),
        }
    }
}
