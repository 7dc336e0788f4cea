//! A change as a table.

use super::{Change, Effect};
use crate::report::{Cell, Report, Tone};

impl Report for Change {
    const SCHEMA: &'static str = "vital.sharing.change/1";

    fn header(&self) -> Vec<&'static str> {
        vec!["tenant", "status", "gains", "loses"]
    }

    fn rows(&self) -> Vec<Vec<Cell>> {
        let row = |effect: &Effect| {
            let count =
                |count: i64, tone: Tone| Cell::number(count).tone(if count == 0 { Tone::Dim } else { tone });
            vec![
                Cell::text(&effect.tenant.slug),
                Cell::text(&effect.tenant.status),
                count(effect.gains, Tone::Good),
                count(effect.loses, Tone::Warn),
            ]
        };
        self.tenants.iter().map(row).collect()
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
