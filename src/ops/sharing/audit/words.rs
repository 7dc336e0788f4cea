//! The trail as a table.

use super::{Audit, Entry};
use crate::report::{Cell, Columns, Report, Table, Tone};

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
        table([self]).rows.pop().unwrap_or_default()
    }
}

fn table<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Table {
    let tone = |action: &str| match action {
        "access_revoked" | "unshared" => Tone::Warn,
        _ => Tone::Good,
    };
    Columns::of(entries)
        .column("at", |entry| Cell::text(entry.time()))
        .column("action", |entry| {
            Cell::text(&entry.action).tone(tone(&entry.action))
        })
        .column("agent", |entry| {
            Cell::text(entry.agent.clone().unwrap_or_else(|| entry.agent_id.to_string()))
        })
        .column("owner", |entry| Cell::optional(entry.owner.as_deref()))
        .column("affected", |entry| Cell::optional(entry.affected.as_deref()))
        .column("before", |entry| Cell::text(entry.before()))
        .column("after", |entry| Cell::text(entry.after()))
        .column("by", |entry| Cell::text(entry.performer()).tone(Tone::Dim))
        .table()
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

    fn table(&self) -> Table {
        table(&self.entries)
    }
}
