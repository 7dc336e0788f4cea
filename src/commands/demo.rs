//! `vital demo`: the whole story on a private, throw-away PostgreSQL.

use std::path::PathBuf;

use super::Context;
use crate::cli::exit_codes;
use crate::db::{ConnectOptions, Connection, Settings};
use crate::error::{Error, Result};
use crate::event::{Event, Observer};
use crate::ops::demo::{self, Tour};
use crate::ops::migrate::online::Online;
use crate::ops::migrate::up;
use crate::ops::verify;
use crate::render::Format;
use crate::server::{Binaries, Cluster, Options};

/// The name of the demo's database.
const DATABASE: &str = "vital";

/// The arguments of `vital demo`.
#[derive(Debug, clap::Args)]
#[command(after_help = exit_codes!())]
pub struct Args {
    /// Leave the server running, and say how to connect and how to stop it
    #[arg(long)]
    keep: bool,

    /// Directory of initdb and postgres; else they are looked for, and downloaded if there are none
    #[arg(long, value_name = "DIR", env = "VITAL_PG_BIN")]
    pg_bin: Option<PathBuf>,

    /// Neither download PostgreSQL nor run the system's package manager
    #[arg(long)]
    no_install: bool,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<u8> {
    let step = |message: &str| {
        context.progress.event(&Event::Step {
            message: message.to_owned(),
        });
    };
    let explicit = args.pg_bin.as_deref();
    let binaries = match args.no_install {
        true => Binaries::require(explicit)?,
        // Never silently.
        false => Binaries::find_or_fetch(explicit, &mut |message| match context.global.quiet {
            true => context.output.announce(message),
            false => step(message),
        })?,
    };
    step(&format!("starting a private PostgreSQL {}", binaries.version()));
    let mut options = Options::new(binaries);
    // On Supabase the superuser has this name, and `postgres` is an ordinary owner.
    options.superuser = "supabase_admin".to_owned();
    options.keep = args.keep;
    let cluster = Cluster::start(&options)?;

    step("loading a database as it was before: 254 agents, two leftover policies");
    let admin = connect(context, &cluster.url("postgres")).await?;
    admin
        .outside_transaction(&format!("create database {DATABASE}"))
        .await
        .map_err(|e| Error::failed("could not create the demo database").caused_by(&e))?;
    let mut superuser = connect(context, &cluster.url(DATABASE)).await?;
    demo::look_like_supabase(&mut superuser).await?;
    let mut owner = connect(context, &cluster.url_as("postgres", DATABASE)).await?;
    demo::load_pre_state(&mut owner).await?;
    let open_before = demo::open_to_anybody(&mut owner).await?;

    migrate(context, &mut owner).await?;
    let tour = demo::tour(&mut owner, open_before).await?;
    tell(context, &tour)?;
    if args.keep {
        context.output.line(&format!(
            "\nthe server goes on; connect with\n  psql \"{}\"\nstop it, and remove everything, with\n  {}",
            cluster.url_as("postgres", DATABASE),
            cluster.stop_command(),
        ));
        return Ok(0);
    }
    cluster.stop()?;
    Ok(0)
}

async fn connect(context: &Context, url: &str) -> Result<Connection> {
    let settings = Settings::resolve(&ConnectOptions {
        database_url: Some(url.to_owned()),
        ..ConnectOptions::from(&context.global.connect)
    })?;
    context.connect_to(&settings).await
}

/// Migrates as `vital migrate up --replace-policies` does.
async fn migrate(context: &Context, owner: &mut Connection) -> Result<()> {
    let assessment = up::assess(owner, None).await?;
    let leftovers = assessment.leftovers();
    for policy in &leftovers {
        let event = format!("replacing policy \"{}\", which {}", policy.name, policy.opens());
        context.progress.event(&Event::Step { message: event });
    }
    up::apply(owner, &assessment, Online::Auto, &leftovers, verify::differences).await?;
    Ok(())
}

/// Tells the tour: table by table to a person, as one value to a program.
fn tell(context: &Context, tour: &Tour) -> Result<()> {
    if context.output.format() != Format::Table {
        return context.output.report(tour);
    }
    for section in tour.sections() {
        let heading = format!("\n{}\n\n", section.title);
        context.output.document(heading.as_bytes())?;
        context.output.report(&section)?;
    }
    Ok(())
}
