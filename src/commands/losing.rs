//! What is asked before somebody loses access.

use super::change::Question;
use crate::ops::members::{Loss, Member};
use crate::ops::tenant::TenantChange;
use crate::ops::tenant::status::Impact;

/// How many people a question names.
const NAMED: usize = 20;

/// Asks whether to take from members what they would lose; nothing if nobody loses anything.
pub(super) fn question(members: &[Member], verb: &str, place: &str) -> Option<Question> {
    let losing: Vec<_> = members
        .iter()
        .filter_map(|member| Some((member, member.loss()?)))
        .collect();
    let details = losing
        .iter()
        .take(NAMED)
        .map(|(member, loss)| line(member, *loss));
    let mut details: Vec<_> = details.collect();
    if losing.len() > NAMED {
        details.push(format!("and {} more", losing.len() - NAMED));
    }
    let text = match losing.len() {
        0 => return None,
        1 => format!("{verb} this user in {place}?"),
        count => format!("{verb} these {count} users in {place}?"),
    };
    Some(Question { details, text })
}

fn line(member: &Member, loss: Loss) -> String {
    let (user, tenant) = (member.user.full_name(), &member.tenant);
    let before = member.previous_role.as_deref().unwrap_or("member");
    match (loss, member.role.as_deref()) {
        (Loss::Role, Some(role)) => format!("{user}, {before} of `{tenant}`, becomes {role}"),
        _ => format!("{user}, {before} of `{tenant}`"),
    }
}

/// Asks whether to take a tenant from its members; nothing if it stays theirs.
pub(super) fn tenant_question(change: &TenantChange, verb: &str, place: &str) -> Option<Question> {
    let tenant = &change.tenant;
    change.impact.as_ref().map(|impact| Question {
        details: Impact::lines(impact),
        text: format!("{verb} tenant `{}` ({}) in {place}?", tenant.slug, tenant.name),
    })
}
