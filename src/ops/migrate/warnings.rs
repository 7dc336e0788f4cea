//! What undoing migrations means, in words for the person who is asked.

use super::V3_POLICIES;
use super::down::{Assessment, Replaced};
use super::undone::Kept;
use crate::report::counted;

impl Assessment {
    /// What goes, in a phrase such as `2 migrations, archiving public.agents, 3 rows,`.
    #[must_use]
    pub fn what(&self) -> String {
        let count = counted(self.undone.len(), "migration", "migrations");
        let kept: Vec<String> = self.kept.iter().map(Kept::sentence).collect();
        match kept.as_slice() {
            [] => count,
            kept => format!("{count}, archiving {},", kept.join("; ")),
        }
    }

    /// What a person should know before.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.undone.iter().any(|m| m.version() == V3_POLICIES) {
            warnings.push(self.consequence());
        }
        if self.restore_policies {
            warnings.extend(self.replaced.iter().map(|Replaced { name, definition }| {
                format!(
                    "policy \"{name}\" opens public.agents again, if its definition still works: {definition}"
                )
            }));
        }
        warnings.extend(self.mentions.iter().map(|function| {
            format!("function {function} names something that goes, and would fail when it is called")
        }));
        warnings
    }

    fn consequence(&self) -> String {
        let closed = "public.agents keeps row-level security and the privileges of today";
        if self.restore_policies {
            return format!(
                "{closed}; the policies that the migrations replaced are created again, and no tenant is isolated; \
                 whether anon may read is a matter of `grant select on public.agents to anon`"
            );
        }
        match self.replaced.len() {
            0 => format!("{closed}, without a policy: no user of the API reads or writes an agent"),
            count => format!(
                "{closed}, without a policy: no user of the API reads or writes an agent; the {count} policies that the \
                 migrations replaced stay away, unless with --restore-policies"
            ),
        }
    }
}
