//! `vital migrate plan`: tells what `up` would do.

use super::Online;
use crate::cli::exit_codes;
use crate::commands::Context;
use crate::error::Result;
use crate::ops::migrate::plan::{self, Request};
use crate::ops::migrate::{embedded, online};
use crate::render::Format;

/// The arguments of `vital migrate plan`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(5 6 7))]
pub struct Args {
    /// Stop after this migration: its version, or its number from 1
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,

    /// Plan with this choice of `up --online`
    #[arg(long, value_enum, default_value_t)]
    online: Online,

    /// Write the SQL of the pending migrations too; as a table, it is all that is written
    #[arg(long)]
    sql: bool,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let target = args.to.as_deref().map(embedded::version).transpose()?;
    show(context, target, args.online.into(), args.sql).await
}

/// Plans and shows the plan.
pub(super) async fn show(
    context: &Context,
    target: Option<i64>,
    online: online::Online,
    with_sql: bool,
) -> Result<u8> {
    let mut connection = context.connect().await?;
    let request = Request {
        target,
        online,
        with_sql,
    };
    let report = plan::plan(&mut connection, request).await?;
    if with_sql && context.output.format() == Format::Table {
        context.output.document(report.sql().as_bytes())?;
    } else {
        context.output.report(&report)?;
    }
    Ok(0)
}
