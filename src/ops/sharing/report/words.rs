//! The report as a table.

use super::{By, Sharing, Tenant};
use crate::report::{Cell, Columns, Report, Table, Tone};

/// The state of a tenant; what belongs to none has none.
fn state(tenant: &Tenant) -> Cell {
    match (&tenant.id, tenant.is_active) {
        (None, _) => Cell::text("no tenant").tone(Tone::Bad),
        (_, true) => Cell::optional(tenant.status.as_deref()),
        (_, false) => Cell::optional(tenant.status.as_deref()).tone(Tone::Warn),
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

    fn table(&self) -> Table {
        let name = |name: Option<&str>| Cell::text(name.unwrap_or("(none)"));
        let by = match self.by {
            By::Tenant => {
                return Columns::of(&self.tenants)
                    .column("tenant", |tenant| name(tenant.slug.as_deref()))
                    .column("type", |tenant| Cell::optional(tenant.r#type.as_deref()))
                    .column("status", |tenant| state(tenant))
                    .column("owned", |tenant| Cell::number(tenant.owned))
                    .column("private", |tenant| Cell::number(tenant.private))
                    .column("selective", |tenant| Cell::number(tenant.selective))
                    .column("global", |tenant| Cell::number(tenant.global))
                    .column("shared_out", |tenant| Cell::number(tenant.shared_out))
                    .column("received", |tenant| Cell::number(tenant.received))
                    .column("visible", |tenant| Cell::number(tenant.visible))
                    .column("orphans", |tenant| warn(tenant.orphans))
                    .table();
            }
            By::Category => "category",
            By::ResourceType => "resource_type",
        };
        Columns::of(self.groups.iter().map(|group| (group, &group.distribution)))
            .column(by, |(group, _)| name(group.name.as_deref()))
            .column("total", |(_, counts)| Cell::number(counts.total))
            .column("platform_owned", |(_, counts)| {
                Cell::number(counts.platform_owned)
            })
            .column("globally_shared", |(_, counts)| {
                Cell::number(counts.globally_shared)
            })
            .column("selectively_shared", |(_, counts)| {
                Cell::number(counts.selectively_shared)
            })
            .column("private", |(_, counts)| Cell::number(counts.private))
            .column("orphans", |(_, counts)| warn(counts.orphans))
            .table()
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
