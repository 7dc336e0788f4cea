//! A report that the renderers' tests share.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::{Cell, Columns, Report, Table};

#[derive(Debug, Default, Serialize)]
pub(super) struct Sample {
    tenants: Vec<Tenant>,
}

#[derive(Debug, Serialize)]
struct Tenant {
    slug: &'static str,
    agents: i64,
    note: Option<&'static str>,
}

impl Sample {
    pub(super) fn tenants() -> Self {
        let tenants = vec![
            Tenant {
                slug: "acme",
                agents: 12,
                note: None,
            },
            Tenant {
                slug: "=cmd|' /C calc'!A0",
                agents: -3,
                note: Some("a\u{1b}[31m\u{202e}b, \"c\"\n"),
            },
        ];
        Self { tenants }
    }
}

impl Report for Sample {
    const SCHEMA: &'static str = "vital.sample/1";

    fn table(&self) -> Table {
        Columns::of(&self.tenants)
            .column("slug", |t| Cell::text(t.slug))
            .column("agents", |t| Cell::number(t.agents))
            .column("note", |t| Cell::optional(t.note))
            .table()
    }

    fn summary(&self) -> Vec<String> {
        match self.tenants.len() {
            0 => Vec::new(),
            count => vec![format!("{count} tenants")],
        }
    }
}

pub(super) fn rendered(write: impl Fn(&Sample, &mut dyn Write) -> io::Result<()>, report: &Sample) -> String {
    let mut out = Vec::new();
    assert!(write(report, &mut out).is_ok());
    String::from_utf8_lossy(&out).into_owned()
}

pub(super) fn plain(write: impl Fn(&Sample, &mut dyn Write) -> io::Result<()>, report: &Sample) -> String {
    let mut out = anstream::StripStream::new(Vec::new());
    assert!(write(report, &mut out).is_ok());
    String::from_utf8_lossy(&out.into_inner()).into_owned()
}
