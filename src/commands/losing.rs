//! What is asked before somebody loses access.

use super::change::Question;
use crate::ops::members::Members;

/// Asks whether to take access from those who would lose it.
pub(super) fn question(preview: &Members, verb: &str, place: &str) -> Question {
    let changing: Vec<_> = preview.members.iter().filter(|member| member.changed).collect();
    let details = changing.iter().map(|member| {
        let role = member.role.as_deref().unwrap_or("member");
        format!("{}, {role} of `{}`", member.user.full_name(), member.tenant)
    });
    Question {
        details: details.collect(),
        text: match changing.len() {
            1 => format!("{verb} this user in {place}?"),
            count => format!("{verb} these {count} users in {place}?"),
        },
    }
}
