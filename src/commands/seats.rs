//! The users and the tenant of an argument, found in the database.

use super::change::Question;
use crate::db::Transaction;
use crate::model::{TenantRef, UserRef};
use crate::ops::members::{Members, Seat, Wish};
use crate::ops::tenancy::{Fault, people, tenants};

/// Finds the users and the tenant; a user who is named twice counts once.
pub(super) async fn find(
    transaction: &Transaction<'_>,
    users: &[UserRef],
    tenant: &TenantRef,
    wish: Wish,
) -> Result<Vec<Seat>, Fault> {
    let tenant = tenants::find(transaction, tenant).await?;
    let mut seats: Vec<Seat> = Vec::new();
    let people = match wish {
        Wish::Remove | Wish::Suspend => people::find_to_revoke(transaction, users).await?,
        _ => people::find(transaction, users).await?,
    };
    for user in people {
        if seats.iter().all(|seat| seat.user.id != user.id) {
            let tenant = tenant.clone();
            seats.push(Seat { user, tenant, wish });
        }
    }
    Ok(seats)
}

/// Asks whether to take access from those who would lose it.
pub(super) fn question(preview: &Members, verb: &str, place: &str) -> Question {
    let changing: Vec<_> = preview.members.iter().filter(|member| member.changed).collect();
    let told = changing.iter().map(|member| {
        let role = member.role.as_deref().unwrap_or("member");
        format!("{}, {role} of `{}`", member.user.full_name(), member.tenant)
    });
    Question {
        told: told.collect(),
        asked: match changing.len() {
            1 => format!("{verb} this user in {place}?"),
            count => format!("{verb} these {count} users in {place}?"),
        },
    }
}
