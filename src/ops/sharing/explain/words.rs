//! The explanation as a table.

use super::{Counted, Explanation, Verdict};
use crate::report::{Cell, Report, Tone};

impl Report for Explanation {
    const SCHEMA: &'static str = "vital.sharing.explain/1";

    fn header(&self) -> Vec<&'static str> {
        match self.agent {
            Some(_) => vec!["agent", "visible", "because", "to_change_it"],
            None => vec!["rule", "agents", "meaning"],
        }
    }

    fn rows(&self) -> Vec<Vec<Cell>> {
        let about = self.agent.iter().flat_map(Verdict::cells);
        let rules = self
            .sees
            .iter()
            .flat_map(|sees| sees.rules.iter().map(Counted::cells));
        about.chain(rules).collect()
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
    fn cells(&self) -> Vec<Vec<Cell>> {
        let name = || Cell::text(&self.name);
        match self.rule {
            Some(rule) => vec![vec![
                name(),
                Cell::text("yes").tone(Tone::Good),
                Cell::text(format!("{}: it {}", rule.name(), rule.says())),
                Cell::default(),
            ]],
            None => self
                .reasons
                .iter()
                .map(|reason| {
                    vec![
                        name(),
                        Cell::text("no").tone(Tone::Bad),
                        Cell::text(&reason.says),
                        Cell::text(&reason.change),
                    ]
                })
                .collect(),
        }
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

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::text(self.rule.name()),
            Cell::number_text(self.amount()),
            Cell::text(self.rule.says()),
        ]
    }
}
