//! What commands that change the tenancy share: a dry run, a question, and the change itself.

use super::Context;
use crate::db::{Connection, Transaction};
use crate::error::{Error, Result};
use crate::ops::tenancy::{Fault, Operator, Outcome, Tenancy};
use crate::report::Report;

/// The option of every command that changes something.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct ChangeArgs {
    /// Show what would change, with every check, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// What a change asks before it is made; nothing where it takes nothing away.
pub(super) type Asks<'a, R> = dyn Fn(&R) -> Option<Question> + 'a;

/// A change: what to say if it fails, and what to ask before, given what it would do.
pub(super) struct Change<'a, R> {
    /// The failure, such as `could not assign the users`.
    pub what: &'a str,
    /// Whether to roll it back.
    pub args: ChangeArgs,
    /// The question, for what may take something away or grant much.
    pub question: Option<&'a Asks<'a, R>>,
}

/// A question with what one should know to answer it.
pub(super) struct Question {
    /// What would happen, line by line.
    pub details: Vec<String>,
    /// The question itself.
    pub text: String,
}

impl Context {
    /// The tenancy behind a connection, run by whoever runs this process.
    pub(super) fn tenancy<'a>(&'a self, connection: &'a mut Connection) -> Tenancy<'a> {
        Tenancy {
            connection,
            operator: Operator::of_process(&command_line(std::env::args())),
        }
    }
}

/// Carries out a change and writes the report; asks only if there is something to change.
pub(super) async fn carry_out<R: Report + Outcome>(
    context: &Context,
    tenancy: &mut Tenancy<'_>,
    change: Change<'_, R>,
    work: impl AsyncFn(&Transaction<'_>) -> Result<R, Fault>,
) -> Result<u8> {
    let Change { what, args, question } = change;
    let asks = question.filter(|_| !context.global.yes);
    let mut unasked = None;
    if args.dry_run || asks.is_some() {
        let mut preview = tenancy.preview(what, &work).await?;
        if args.dry_run {
            preview.mark_preview();
        }
        if args.dry_run || preview.changes() == 0 {
            context.output.report(&preview)?;
            return Ok(0);
        }
        match asks.and_then(|question| question(&preview)) {
            Some(question) => ask(context, question)?,
            None => unasked = asks,
        }
    }
    let apply = async |tx: &Transaction<'_>| {
        let report = work(tx).await?;
        // Somebody else may have given meanwhile what this would take away.
        match unasked.and_then(|question| question(&report)) {
            Some(question) => Err(changed_meanwhile(question).into()),
            None => Ok(report),
        }
    };
    let report = tenancy.apply(what, apply).await?;
    context.output.report(&report)?;
    Ok(0)
}

fn changed_meanwhile(question: Question) -> Error {
    let mut error = Error::failed("somebody changed this meanwhile, and now it would take something away")
        .with_hint("nothing was changed; run the command again to see what it does now");
    error.details = question.details;
    error
}

fn ask(context: &Context, question: Question) -> Result<()> {
    let Question { details, text } = question;
    if !context.prompt.can_answer() {
        return context.prompt.require(&text, "--yes").map_err(|mut error| {
            error.details.extend(details);
            error
        });
    }
    for line in details {
        context.output.line(&format!("  {line}"));
    }
    context.prompt.require(&text, "--yes")
}

/// The command as it was typed, without a connection string, which may hold a password.
fn command_line(arguments: impl Iterator<Item = String>) -> String {
    let mut line = vec!["vital".to_owned()];
    let mut arguments = arguments.skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--database-url" {
            arguments.next();
        } else if !argument.starts_with("--database-url=") {
            line.push(argument);
        }
    }
    line.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recorded_command_has_no_connection_string() {
        let line = "x --database-url postgresql://u:s3cret@h/d grant-admin --database-url=s3cret a@b --yes";
        let recorded = command_line(line.split(' ').map(str::to_owned));
        assert_eq!(recorded, "vital grant-admin a@b --yes");
    }
}
