//! `vital seed`: the tenancy from a file, and back.

use std::path::PathBuf;

use anyhow::Context as _;

use super::change::{Change, ChangeArgs, Question, carry_out};
use super::{Context, file};
use crate::cli::exit_codes;
use crate::db::Transaction;
use crate::error::Result;
use crate::ops::seed::{SeedFile, Seeded, export, seed};
use crate::render::{Format, yaml};

/// The arguments of `vital seed`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7 8))]
pub struct Args {
    /// YAML of tenants, members and platform admins; - is stdin [default: the two built-in tenants]
    file: Option<PathBuf>,

    /// Write the tenancy as such a file to stdout instead
    #[arg(long, conflicts_with_all = ["file", "dry_run", "allow_no_owner"])]
    export: bool,

    /// Leave a tenant without an owner if it comes to that
    #[arg(long)]
    allow_no_owner: bool,

    #[command(flatten)]
    change: ChangeArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    if args.export {
        return write(context).await;
    }
    let content = match &args.file {
        Some(path) => {
            let (text, name) = file::read(path)?;
            SeedFile::parse(&text, &name)?
        }
        None => SeedFile::builtin()?,
    };
    let mut connection = context.connect().await?;
    let place = connection.settings.describe();
    let mut tenancy = context.tenancy(&mut connection);
    let question = |preview: &Seeded| {
        Some(Question {
            details: preview.lines(),
            text: format!("do this in {place}?"),
        })
    };
    let work = async |tx: &Transaction<'_>| seed(tx, &content, args.allow_no_owner).await;
    let change = Change {
        what: "could not seed",
        args: args.change,
        question: Some(&question),
    };
    carry_out(context, &mut tenancy, change, work).await
}

async fn write(context: &Context) -> Result<u8> {
    let mut connection = context.connect().await?;
    let read = async |tx: &Transaction<'_>| export(tx).await;
    let report = context
        .tenancy(&mut connection)
        .read("could not export", read)
        .await?;
    for what in &report.left_out {
        context.output.warn(&format!("left out of the export: {what}"));
    }
    if context.output.format() != Format::Table {
        context.output.report(&report)?;
        return Ok(0);
    }
    let mut text = Vec::new();
    yaml::write(&report, &mut text).context("could not export")?;
    context.output.document(&text)?;
    Ok(0)
}
