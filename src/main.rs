//! Parses the command line, runs it, prints the error, and ends the process with the exit code.

use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::process::{self, ExitCode};
use std::sync::Mutex;

use anyhow::Context as _;
use clap::Parser;
use tokio::runtime::{Builder, Runtime};
use tracing::level_filters::LevelFilter;
use vital::cli::Global;
use vital::commands::{self, Cli, Command, Context};
use vital::event::{Event, Observer};
use vital::interrupt::{self, Interrupt};
use vital::render::{Output, Screen as _};
use vital::{Error, Kind, Result, progress, prompt, render};

/// Where the last panic happened and what it said.
static PANIC: Mutex<Option<String>> = Mutex::new(None);

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(message) => return help_or_usage(&message),
    };
    log(&cli.global);
    record_panics();
    let context = Context::new(cli.global, Interrupt::new());
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| run(&cli.command, &context)));
    let outcome = outcome.unwrap_or_else(|_| Err(bug()));
    context.progress.clear();
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            context.output.error(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}

/// Prints help, version or a usage error; help on a closed pipe is no error.
fn help_or_usage(message: &clap::Error) -> ExitCode {
    // What the user typed may come from elsewhere.
    let safe = message
        .use_stderr()
        .then(|| render::text::usage(&message.render().to_string()))
        .flatten();
    let printed = match safe {
        Some(text) => writeln!(render::stderr(), "{text}"),
        None => message.print(),
    };
    match printed {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        _ => ExitCode::from(u8::try_from(message.exit_code()).unwrap_or(2)),
    }
}

fn run(command: &Command, context: &Context) -> Result<u8> {
    let runtime = runtime()?;
    listen(context.interrupt.clone(), context.output.clone())?;
    let announce = || context.progress.event(&Event::Interrupting);
    let outcome = runtime.block_on(context.interrupt.run(commands::run(command, context), announce));
    // A lookup or a prompt that still blocks must not keep the process.
    runtime.shutdown_background();
    outcome
}

fn runtime() -> Result<Runtime> {
    let runtime = Builder::new_current_thread().enable_all().build();
    Ok(runtime.context("could not start")?)
}

/// Listens for signals on a thread of its own, so that the second Ctrl-C ends the process whatever it is doing.
fn listen(interrupt: Interrupt, output: Output) -> Result<()> {
    let runtime = runtime()?;
    let mut signals = {
        let _entered = runtime.enter();
        signals::Signals::new()
    }
    .context("could not listen for signals")?;
    let listen = move || {
        runtime.block_on(async {
            let terminated = signals.next().await;
            if !(terminated && interrupt.is_asking()) {
                interrupt.request();
                signals.next().await;
            }
        });
        prompt::restore_terminal();
        output.error(&interrupt::abandoned(interrupt.is_asking()));
        leave()
    };
    let thread = std::thread::Builder::new().name("signals".into());
    thread.spawn(listen).context("could not start")?;
    Ok(())
}

#[expect(
    clippy::exit,
    reason = "the user asked twice, or nothing is running that could be waited for"
)]
fn leave() -> ! {
    process::exit(Kind::Interrupted.exit_code().into())
}

#[cfg(unix)]
mod signals {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    /// Ctrl-C and SIGTERM.
    pub struct Signals(Signal, Signal);

    impl Signals {
        pub fn new() -> std::io::Result<Self> {
            Ok(Self(
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
            ))
        }

        /// Waits for the next signal; true for SIGTERM.
        pub async fn next(&mut self) -> bool {
            tokio::select! {
                _ = self.0.recv() => false,
                _ = self.1.recv() => true,
            }
        }
    }
}

#[cfg(windows)]
mod signals {
    use tokio::signal::windows::{CtrlBreak, CtrlC, ctrl_break, ctrl_c};

    /// Ctrl-C and Ctrl-Break.
    pub struct Signals(CtrlC, CtrlBreak);

    impl Signals {
        pub fn new() -> std::io::Result<Self> {
            Ok(Self(ctrl_c()?, ctrl_break()?))
        }

        /// Waits for the next signal; true for Ctrl-Break.
        pub async fn next(&mut self) -> bool {
            tokio::select! {
                _ = self.0.recv() => false,
                _ = self.1.recv() => true,
            }
        }
    }
}

/// Starts the log on stderr for `-v` (info), `-vv` (debug) and `-vvv` (trace).
fn log(global: &Global) {
    let level = match global.verbose {
        0 => return,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let builder = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(render::stderr);
    // Starting a second log fails, which is fine.
    let _ = match global.progress {
        progress::Format::Json => builder.json().try_init(),
        progress::Format::Human => builder.with_target(false).try_init(),
    };
}

fn record_panics() {
    panic::set_hook(Box::new(|panic| {
        let said = panic.payload_as_str().unwrap_or("no message");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, said, "a bug");
        if let Ok(mut last) = PANIC.lock() {
            *last = Some(format!("{said} at {place}"));
        }
    }));
}

fn bug() -> Error {
    let error = Error::failed("vital ran into a bug of its own")
        .with_hint("the server rolls back what was not committed; please report the bug with these lines");
    match PANIC.lock().ok().and_then(|last| last.clone()) {
        Some(panic) => error.with_cause(panic),
        None => error,
    }
}
