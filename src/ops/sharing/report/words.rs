//! The report as a table.

use super::{By, Sharing, Tenant};
use crate::report::{Cell, Report, Tone};

impl Tenant {
    fn cells(&self) -> Vec<Cell> {
        let state = match (&self.id, self.is_active) {
            (None, _) => Cell::text("no tenant").tone(Tone::Bad),
            (_, true) => Cell::optional(self.status.as_deref()),
            (_, false) => Cell::optional(self.status.as_deref()).tone(Tone::Warn),
        };
        vec![
            Cell::text(self.slug.as_deref().unwrap_or("(none)")),
            Cell::optional(self.r#type.as_deref()),
            state,
            Cell::number(self.owned),
            Cell::number(self.private),
            Cell::number(self.selective),
            Cell::number(self.global),
            Cell::number(self.shared_out),
            Cell::number(self.received),
            Cell::number(self.visible),
            warn(self.orphans),
        ]
    }
}

fn warn(count: i64) -> Cell {
    match count {
        0 => Cell::number(0),
        count => Cell::number(count).tone(Tone::Warn),
    }
}

impl Report for Sharing {
    const SCHEMA: &'static str = "vital.sharing.report/1";

    fn header(&self) -> Vec<&'static str> {
        let first = match self.by {
            By::Tenant => {
                return vec![
                    "tenant",
                    "type",
                    "status",
                    "owned",
                    "private",
                    "selective",
                    "global",
                    "shared_out",
                    "received",
                    "visible",
                    "orphans",
                ];
            }
            By::Category => "category",
            By::ResourceType => "resource_type",
        };
        vec![
            first,
            "total",
            "platform_owned",
            "globally_shared",
            "selectively_shared",
            "private",
            "orphans",
        ]
    }

    fn rows(&self) -> Vec<Vec<Cell>> {
        let grouped = self.groups.iter().map(|group| {
            let counts = &group.distribution;
            vec![
                Cell::text(group.name.as_deref().unwrap_or("(none)")),
                Cell::number(counts.total),
                Cell::number(counts.platform_owned),
                Cell::number(counts.globally_shared),
                Cell::number(counts.selectively_shared),
                Cell::number(counts.private),
                warn(counts.orphans),
            ]
        });
        self.tenants.iter().map(Tenant::cells).chain(grouped).collect()
    }

    fn summary(&self) -> Vec<String> {
        let all = &self.distribution;
        let parts = all.parts();
        let line = |(at, (name, count)): (usize, &(&str, i64))| {
            let branch = if at + 1 == parts.len() { "└─" } else { "├─" };
            match count {
                0 => format!("{branch} {name}: 0"),
                count => format!("{branch} {name}: {count} ({})", all.percent(*count)),
            }
        };
        let mut lines = vec![format!("Total Agents: {}", all.total)];
        lines.extend(parts.iter().enumerate().map(line));
        lines
    }
}
