//! The trail as a table.

use super::{Audit, Entry};
use crate::report::{Cell, Report, Tone};

impl Entry {
    /// Time in seconds, UTC.
    #[must_use]
    pub fn time(&self) -> String {
        let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");
        self.at
            .to_offset(time::UtcOffset::UTC)
            .format(format)
            .unwrap_or_default()
    }

    /// Who did it: a user, or an operator by application and role.
    #[must_use]
    pub fn performer(&self) -> String {
        match (&self.user_id, &self.via) {
            (Some(user), _) => user.to_string(),
            (None, Some(via)) => format!("operator: {via}"),
            (None, None) => "operator".to_owned(),
        }
    }

    /// Mode and recipients before.
    #[must_use]
    pub fn before(&self) -> String {
        state(self.mode_before.as_deref(), &self.recipients_before)
    }

    /// Mode and recipients after.
    #[must_use]
    pub fn after(&self) -> String {
        state(self.mode_after.as_deref(), &self.recipients_after)
    }

    /// The entry as cells of the table.
    #[must_use]
    pub fn cells(&self) -> Vec<Cell> {
        let tone = match self.action.as_str() {
            "access_revoked" | "unshared" => Tone::Warn,
            _ => Tone::Good,
        };
        vec![
            Cell::text(self.time()),
            Cell::text(&self.action).tone(tone),
            Cell::text(self.agent.clone().unwrap_or_else(|| self.agent_id.to_string())),
            Cell::optional(self.owner.as_deref()),
            Cell::optional(self.affected.as_deref()),
            Cell::text(self.before()),
            Cell::text(self.after()),
            Cell::text(self.performer()).tone(Tone::Dim),
        ]
    }
}

fn state(mode: Option<&str>, recipients: &[String]) -> String {
    match (mode, recipients) {
        (None, _) => "-".to_owned(),
        (Some(mode), []) => mode.to_owned(),
        (Some(mode), recipients) => format!("{mode}: {}", recipients.join(", ")),
    }
}

impl Report for Audit {
    const SCHEMA: &'static str = "vital.sharing.audit/1";

    fn header(&self) -> Vec<&'static str> {
        vec![
            "at", "action", "agent", "owner", "affected", "before", "after", "by",
        ]
    }

    fn rows(&self) -> Vec<Vec<Cell>> {
        self.entries.iter().map(Entry::cells).collect()
    }
}
