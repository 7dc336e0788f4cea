//! The question whether policies that vital does not know may be replaced.

use crate::commands::Context;
use crate::error::{Error, Result};
use crate::ops::migrate::policies::Policy;

/// Shows the leftover policies and goes on only after a yes.
pub(super) fn ask(context: &Context, place: &str, leftovers: &[Policy]) -> Result<()> {
    let count = match leftovers.len() {
        1 => "1 policy that vital does not know widens access".to_owned(),
        count => format!("{count} policies that vital does not know widen access"),
    };
    let lines = leftovers.iter().flat_map(|policy| {
        let named = format!("policy \"{}\" {}", policy.name, policy.opens());
        [named, policy.definition()]
    });
    if !context.prompt.can_answer() {
        let mut error = Error::failed(count).with_hint(
            "nothing was changed; give --replace-policies to replace them, keeping their definitions",
        );
        error.details.extend(lines);
        return Err(error);
    }
    context.output.warn(&count);
    lines.for_each(|line| context.output.line(&line));
    let question = format!("replace them on {place}, keeping their definitions?");
    context.prompt.require(&question, "--replace-policies")
}
