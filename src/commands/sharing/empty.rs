//! A filter that matches nothing: a failure, unless somebody expects it.

use crate::error::{Error, Result};

/// Whether a filter may match nothing.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct EmptyArgs {
    /// Succeed also if the filter matches nothing
    #[arg(long)]
    allow_empty: bool,
}

impl EmptyArgs {
    /// Refuses an empty result; `what` says that there is none.
    pub(super) fn check(self, is_empty: bool, what: &str) -> Result<()> {
        match is_empty && !self.allow_empty {
            true => {
                Err(Error::failed(what).with_hint("look at the filter, or accept it with `--allow-empty`"))
            }
            false => Ok(()),
        }
    }
}
