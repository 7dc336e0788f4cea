//! `vital verify`: is the database as promised, and does isolation hold?

mod artifact;

use std::time::Instant;

use clap::ValueEnum;
use time::OffsetDateTime;

use self::artifact::{Artifact, Made, summarize};
use super::Context;
use crate::cli::exit_codes;
use crate::db::{ConfigFile, Connection};
use crate::error::Result;
use crate::ops::verify::{self, CheckList, Overview, Request, Threshold, Verification, mend};
use crate::render::Format;
use crate::report::asked;

/// The arguments of `vital verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(3 4 6 7 8))]
pub struct Args {
    /// Run only these checks, by id; * stands for any text
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    only: Vec<String>,

    /// Skip these checks
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    skip: Vec<String>,

    /// End with 4 also for warnings
    #[arg(long, value_enum, value_delimiter = ',', default_value = "error")]
    fail_on: Vec<FailOn>,

    /// Accept that checks could not run, all or those named; otherwise they end with 4
    #[arg(
        long,
        value_name = "CHECK",
        value_delimiter = ',',
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "*"
    )]
    allow_not_checked: Vec<String>,

    /// Write the result also as junit=PATH, sarif=PATH, html=PATH or metrics=PATH (for Prometheus), or to stderr as annotations for GitHub
    #[arg(long, value_name = "junit=PATH|sarif=PATH|html=PATH|metrics=PATH|github")]
    report: Vec<Artifact>,

    /// Show the fixes that restore the tenancy's own objects, ask, apply them, and verify again
    #[arg(long)]
    fix: bool,

    /// List the checks instead of running them
    #[arg(long)]
    list: bool,
}

/// What makes a run fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Findings of level error
    Error,
    /// Warnings, too
    Warning,
    /// Checks that could not run, which always count
    #[value(hide = true)]
    NotChecked,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    if args.list {
        let checks = verify::checks();
        context.output.report(&CheckList { checks })?;
        return Ok(0);
    }
    let request = args.request(context)?;
    let (at, began) = (OffsetDateTime::now_utc(), Instant::now());
    let mut connection = context.connect().await?;
    let mut verification = verify::verify(&mut connection, &request).await?;
    if args.fix && fixed(context, &mut connection, &verification).await? {
        verification = verify::verify(&mut connection, &request).await?;
    }
    match context.output.format() {
        Format::Table => context.output.report(&Overview(&verification))?,
        _ => context.output.report(&verification)?,
    }
    let made = Made {
        verification: &verification,
        filter: args.filter(),
        at,
        took: began.elapsed(),
    };
    for artifact in &args.report {
        artifact.write(&made, context)?;
    }
    summarize(&verification, context);
    Ok(verification.verdict.exit_code())
}

impl Args {
    /// What was asked for, in words.
    fn filter(&self) -> String {
        let named = |checks: &[String]| (!checks.is_empty()).then(|| checks.join(", "));
        asked([("only", named(&self.only)), ("without", named(&self.skip))])
    }

    fn request(&self, context: &Context) -> Result<Request> {
        let config = ConfigFile::load(context.global.connect.config.as_deref())?;
        Ok(Request {
            only: self.only.clone(),
            skip: self.skip.clone(),
            threshold: Threshold {
                warnings: self.fail_on.contains(&FailOn::Warning),
            },
            allow_not_checked: self.allow_not_checked.clone(),
            exceptions: config.exceptions().to_vec(),
            today: OffsetDateTime::now_utc().date(),
        })
    }
}

/// Shows the safe fixes, asks and applies them; tells whether there were any.
async fn fixed(context: &Context, connection: &mut Connection, found: &Verification) -> Result<bool> {
    let fixes = mend::fixable(found);
    if fixes.is_empty() {
        context
            .output
            .note("nothing was found that can be fixed without a person's judgement");
        return Ok(false);
    }
    for fix in &fixes {
        context.output.line(fix.fix.as_deref().unwrap_or_default());
    }
    let question = format!(
        "run this for {} findings on {}?",
        fixes.len(),
        connection.settings.describe()
    );
    context.prompt.require(&question, "--yes")?;
    mend::apply(connection, &fixes).await?;
    // What follows may fail, and this stays true.
    context.output.note(&match fixes.len() {
        1 => "1 finding was fixed".to_owned(),
        count => format!("{count} findings were fixed"),
    });
    Ok(true)
}
