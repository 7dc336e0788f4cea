//! What an interrupted command says.

use std::time::Duration;

use crate::error::{Error, Kind};

const ROLLED_BACK_LATER: &str = "the server rolls back what was not committed; `vital migrate status`, or the same command again, tells what was";

pub(super) fn stopped() -> Error {
    Error::new(Kind::Interrupted, "interrupted")
        .with_hint("no statement was running; what was committed before stays, nothing else was changed")
}

/// The error of a command that is left at once, either at a question or because the user insisted.
#[must_use]
pub fn abandoned(asking: bool) -> Error {
    if asking {
        return Error::new(Kind::Interrupted, "interrupted at the question").with_hint("nothing was changed");
    }
    Error::new(Kind::Interrupted, "interrupted without waiting for the server").with_hint(ROLLED_BACK_LATER)
}

pub(super) fn unanswered(patience: Duration) -> Error {
    Error::new(
        Kind::Interrupted,
        format!(
            "interrupted, and the server did not confirm within {} s",
            patience.as_secs()
        ),
    )
    .with_hint(ROLLED_BACK_LATER)
}

pub(super) fn as_interrupted(error: Error) -> Error {
    if matches!(error.kind, Kind::Interrupted | Kind::Unknown) {
        return error;
    }
    let hint = error.hint.clone().unwrap_or_else(|| {
        "the running transaction was rolled back; what was committed before stays".to_owned()
    });
    Error {
        kind: Kind::Interrupted,
        message: "interrupted".to_owned(),
        cause: Some(error.to_string()),
        details: error.details,
        hint: Some(hint),
        sqlstate: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_outcome_stays_unknown() {
        let error = Error::new(Kind::Unknown, "lost");
        assert_eq!(as_interrupted(error.clone()), error);
    }
}
