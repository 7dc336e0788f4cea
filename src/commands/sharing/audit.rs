//! `vital sharing audit`: who changed what, newest first.

use std::time::Duration;

use super::empty::EmptyArgs;
use super::picture::{PictureArgs, save};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::cli::{LimitArgs, exit_codes};
use crate::commands::Context;
use crate::db::{Connection, Fault, Transaction};
use crate::error::{Error, Result};
use crate::model::moment::{attempt, moment};
use crate::ops::sharing;
use crate::ops::sharing::audit::{Entry, Filter, TASK, Trail};
use crate::ops::sharing::timeline::timeline;
use crate::render::page::Facts;
use crate::render::{Format, page, picture};
use crate::report::asked;

/// The arguments of `vital sharing audit`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!(6 7))]
pub struct Args {
    /// Of this agent: a uuid, also of a deleted one, a slug or a unique name
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,

    /// Where this tenant owns, receives, gains or loses: a slug or uuid
    #[arg(long, value_name = "TENANT")]
    tenant: Option<String>,

    /// By this user: a uuid or an e-mail address
    #[arg(long, value_name = "USER")]
    user: Option<String>,

    /// Not before: a date, a time, or an age such as 90min or 7d
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<OffsetDateTime>,

    /// Before: a date, a time, or an age
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<OffsetDateTime>,

    #[command(flatten)]
    limit: LimitArgs<100>,

    /// Go on with what comes, oldest first, until Ctrl-C; a line each, as a table or JSON
    #[arg(long, conflicts_with_all = ["until", "html", "svg"])]
    follow: bool,

    /// How often to look for more
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = attempt, requires = "follow")]
    interval: Duration,

    #[command(flatten)]
    empty: EmptyArgs,

    /// Pages and pictures.
    #[command(flatten)]
    pictures: PictureArgs,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let wanted = Filter {
        agent: args.agent.clone(),
        tenant: args.tenant.clone(),
        user: args.user.clone(),
        since: args.since,
        until: args.until,
        limit: args.limit.get(),
    };
    let follows = matches!(context.output.format(), Format::Table | Format::Json);
    if args.follow && !follows {
        return Err(Error::usage("--follow writes a table or JSON"));
    }
    let mut connection = context.connect().await?;
    let mut trail = sharing::read(&mut connection, TASK, async |tx| Trail::find(tx, &wanted).await).await?;
    if args.follow {
        return follow(&mut trail, &mut connection, args.interval, context).await;
    }
    let is_drawn = args.pictures.svg.is_some() || args.pictures.html.is_some();
    let (audit, timeline) = sharing::read(&mut connection, TASK, async |tx| {
        let timeline = match is_drawn {
            true => Some(timeline(tx, &trail).await?),
            false => None,
        };
        Ok((trail.clone().read(tx).await?, timeline))
    })
    .await?;
    let filter = args.filter();
    let is_empty = !filter.is_empty() && audit.entries.is_empty();
    args.empty.check(is_empty, "no entry of the audit matches")?;
    if let Some(timeline) = timeline {
        if let Some(path) = &args.pictures.svg {
            save(context, path, &picture::timeline(&timeline).file())?;
        }
        if let Some(path) = &args.pictures.html {
            let facts = Facts::now(&connection.settings.describe(), filter);
            save(context, path, &page::audit(&audit, &timeline, &facts))?;
        }
    }
    context.output.report(&audit)?;
    Ok(0)
}

impl Args {
    /// What was asked for, in words.
    fn filter(&self) -> String {
        let time = |time: Option<OffsetDateTime>| time.and_then(|time| time.format(&Rfc3339).ok());
        asked([
            ("agent", self.agent.clone()),
            ("tenant", self.tenant.clone()),
            ("user", self.user.clone()),
            ("since", time(self.since)),
            ("before", time(self.until)),
        ])
    }
}

/// Writes entry by entry; Ctrl-C is how it ends.
async fn follow(
    trail: &mut Trail,
    connection: &mut Connection,
    interval: Duration,
    context: &Context,
) -> Result<u8> {
    let ended = async {
        let mut entries = look(trail, connection, async |trail, tx| {
            trail.start(tx).await?;
            Ok(trail.read(tx).await?.entries)
        })
        .await?;
        entries.reverse();
        loop {
            for entry in &entries {
                context.output.row(&entry.cells(), entry)?;
            }
            context.interrupt.sleep(interval).await?;
            entries = look(trail, connection, async |trail, tx| trail.fresh(tx).await).await?;
        }
    };
    match ended.await {
        Err(_) if context.interrupt.is_requested() => Ok(0),
        outcome => outcome,
    }
}

/// Looks once; what was seen is remembered only if the whole look went well, because it may be repeated.
async fn look(
    trail: &mut Trail,
    connection: &mut Connection,
    work: impl AsyncFn(&mut Trail, &Transaction<'_>) -> Result<Vec<Entry>, Fault>,
) -> Result<Vec<Entry>> {
    let before = &*trail;
    let (after, entries) = sharing::read(connection, TASK, async |tx| {
        let mut trail = before.clone();
        let entries = work(&mut trail, tx).await?;
        Ok((trail, entries))
    })
    .await?;
    *trail = after;
    Ok(entries)
}
