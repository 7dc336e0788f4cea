//! A change as a table.

use super::Change;
use crate::report::{Cell, Columns, Report, Table, Tone};

impl Report for Change {
    const SCHEMA: &'static str = "vital.sharing.change/1";

    fn table(&self) -> Table {
        let count =
            |count: i64, tone: Tone| Cell::number(count).tone(if count == 0 { Tone::Dim } else { tone });
        Columns::of(&self.tenants)
            .column("tenant", |effect| Cell::text(&effect.tenant.slug))
            .column("status", |effect| Cell::text(&effect.tenant.status))
            .column("gains", |effect| count(effect.gains, Tone::Good))
            .column("loses", |effect| count(effect.loses, Tone::Warn))
            .table()
    }

    fn summary(&self) -> Vec<String> {
        let modes = self.modes.iter();
        let mut lines: Vec<String> = modes
            .map(|modes| match modes.before == modes.after {
                true => format!("{} stay {} and get other recipients", modes.agents, modes.after),
                false => format!("{} from {} to {}", modes.agents, modes.before, modes.after),
            })
            .collect();
        let verb = if self.applied { "changed" } else { "would change" };
        lines.push(match self.changed {
            0 => format!("nothing to do: all {} agents are shared like that", self.chosen),
            changed => format!("{changed} of {} agents {verb}", self.chosen),
        });
        lines
    }
}
