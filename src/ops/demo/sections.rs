//! The tour as tables, one after the other.

use serde::Serialize;

use super::{MERIDIAN, Tour};
use crate::report::{Cell, Report, Table, Tone};

/// One table of the tour.
#[derive(Debug, Serialize)]
pub struct Section {
    /// What it shows.
    pub title: &'static str,
    #[serde(skip)]
    header: Vec<&'static str>,
    #[serde(skip)]
    rows: Vec<Vec<Cell>>,
}

impl Report for Section {
    const SCHEMA: &'static str = "vital.demo.section/1";

    fn table(&self) -> Table {
        Table {
            header: self.header.clone(),
            rows: self.rows.clone(),
        }
    }
}

/// CSV has one shape for all: what a section says, cell by cell.
impl Report for Tour {
    const SCHEMA: &'static str = "vital.demo/1";

    fn table(&self) -> Table {
        let header = vec!["section", "row", "column", "value"];
        let mut rows = Vec::new();
        for section in self.sections() {
            for row in &section.rows {
                let Some((name, cells)) = row.split_first() else {
                    continue;
                };
                for (column, cell) in section.header.iter().skip(1).zip(cells) {
                    rows.push(vec![
                        Cell::text(section.title),
                        name.clone(),
                        Cell::text(*column),
                        cell.clone(),
                    ]);
                }
            }
        }
        Table { header, rows }
    }
}

impl Tour {
    /// The tables of the tour in the order in which it is told.
    #[must_use]
    pub fn sections(&self) -> Vec<Section> {
        vec![self.agents(), self.tenancy(), self.eyes(), self.refusals()]
    }

    fn agents(&self) -> Section {
        let after = &self.distribution;
        let share = |count: i64| {
            let percent = if after.total == 0 {
                0
            } else {
                count * 100 / after.total
            };
            Cell::number_text(format!("{count} ({percent}%)"))
        };
        let row = |what: &str, before: Cell, after: Cell| vec![Cell::text(what), before, after];
        let none = || Cell::number_text("-");
        Section {
            title: "Agents",
            header: vec!["agents", "before", "after"],
            rows: vec![
                row("in all", Cell::number(after.total), Cell::number(after.total)),
                row("platform-owned", none(), share(after.platform_owned)),
                row("globally shared", none(), share(after.globally_shared)),
                row("selectively shared", none(), share(after.selectively_shared)),
                row("private", none(), share(after.private)),
                row(
                    "readable by anybody, without an account",
                    Cell::number(self.open_to_anybody_before).tone(Tone::Bad),
                    Cell::number(self.open_to_anybody_after).tone(match self.open_to_anybody_after {
                        0 => Tone::Good,
                        _ => Tone::Bad,
                    }),
                ),
            ],
        }
    }

    fn tenancy(&self) -> Section {
        Section {
            title: "Tenants, after three users and a second customer moved in",
            header: vec!["tenant", "type", "members", "owns", "can_access"],
            rows: self
                .tenants
                .iter()
                .map(|tenant| {
                    vec![
                        Cell::text(&tenant.slug),
                        Cell::text(&tenant.r#type),
                        Cell::number(tenant.members),
                        Cell::number(tenant.owned),
                        Cell::number(tenant.accessible),
                    ]
                })
                .collect(),
        }
    }

    fn eyes(&self) -> Section {
        Section {
            title: "Who sees how many agents",
            header: vec![
                "who",
                "is",
                "sees",
                "own",
                "global",
                "shared_with_them",
                "private_of_others",
            ],
            rows: self
                .viewers
                .iter()
                .map(|viewer| {
                    vec![
                        Cell::text(&viewer.who),
                        Cell::text(&viewer.role),
                        Cell::number(viewer.visible),
                        Cell::number(viewer.own),
                        Cell::number(viewer.globally_shared),
                        Cell::number(viewer.selectively_shared),
                        Cell::number(viewer.private_of_others),
                    ]
                })
                .collect(),
        }
    }

    fn refusals(&self) -> Section {
        Section {
            title: "What an attacker gets",
            header: vec!["who", "tries", "gets"],
            rows: self
                .attacks
                .iter()
                .map(|attack| {
                    let tone = if attack.succeeded { Tone::Bad } else { Tone::Good };
                    vec![
                        Cell::text(&attack.who),
                        Cell::text(shorten(&attack.statement)),
                        Cell::text(shorten(&attack.answer)).tone(tone),
                    ]
                })
                .collect(),
        }
    }
}

/// Leaves of the tenant that the tour attacks the start of its id, to keep a line on the screen.
fn shorten(text: &str) -> String {
    let id = MERIDIAN.to_string();
    let start = id.split('-').next().unwrap_or_default();
    text.replace(&id, &format!("{start}-..."))
}
