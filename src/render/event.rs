//! Events in words.

use super::text;
use crate::event::{Blocker, Event};

/// Says an event in one sentence; its untrusted parts are not escaped yet.
#[must_use]
pub fn sentence(event: &Event) -> String {
    match event {
        Event::RunStarted { action, total } => format!("{action}: {total} to do"),
        Event::Step { message } => message.clone(),
        Event::MigrationStarted { version, name } => format!("running V{version}__{name}"),
        Event::MigrationApplied {
            version,
            name,
            elapsed,
        } => {
            format!("applied V{version}__{name} in {}", text::duration(*elapsed))
        }
        Event::MigrationUndone {
            version,
            name,
            elapsed,
        } => {
            format!("undid V{version}__{name} in {}", text::duration(*elapsed))
        }
        Event::Notice { severity, message } => format!("{}: {message}", severity.to_lowercase()),
        Event::Waiting {
            for_what,
            blocker,
            waited,
        } => {
            let held = blocker.as_ref().map(holder).unwrap_or_default();
            format!("waiting for {for_what} since {}{held}", text::duration(*waited))
        }
        Event::IndexProgress {
            index,
            phase,
            done,
            total,
        } => {
            format!("index {index}: {phase}{}", share(*done, *total))
        }
        Event::BatchDone { table, done, total } => {
            format!("{table}: {done} rows{}", share(*done, *total))
        }
        Event::RowsDone { what, done, total } => format!("{what}: {done} of {total}"),
        Event::Interrupting => {
            "interrupting: canceling the statement and waiting for its rollback; again to leave at once"
                .into()
        }
    }
}

fn share(done: u64, total: u64) -> String {
    let percent = |total: u64| u128::from(done) * 100 / u128::from(total);
    match total {
        0 => String::new(),
        total => format!(", {} %", percent(total).min(100)),
    }
}

/// Who holds it: `, held by pid 12 (app, psql, idle in transaction for 5 min): update ...`.
fn holder(blocker: &Blocker) -> String {
    let age = blocker.age.map(|age| format!("for {}", text::duration(age)));
    let state = match (&blocker.state, age) {
        (Some(state), Some(age)) => Some(format!("{state} {age}")),
        (state, age) => state.clone().or(age),
    };
    let known: Vec<String> = [blocker.user.clone(), blocker.application.clone(), state]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .collect();
    let mut text = format!(", held by pid {}", blocker.pid);
    if !known.is_empty() {
        text.push_str(&format!(" ({})", known.join(", ")));
    }
    if let Some(query) = &blocker.query {
        text.push_str(&format!(": {}", text::excerpt(query, 80)));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wait_names_the_blocker() {
        let event = Event::Waiting {
            for_what: "a lock on public.agents".into(),
            blocker: Some(Blocker {
                pid: 4711,
                user: Some("app".into()),
                application: Some("psql".into()),
                state: Some("idle in transaction".into()),
                age: Some(Duration::from_secs(300)),
                query: Some("update agents\n set x = 1".into()),
            }),
            waited: Duration::from_millis(1_500),
        };
        assert_eq!(
            sentence(&event),
            "waiting for a lock on public.agents since 1.5 s, held by pid 4711 (app, psql, \
             idle in transaction for 5 min): update agents set x = 1"
        );
    }

    #[test]
    fn a_share_needs_a_total() {
        assert_eq!(
            (share(5, 0), share(5, 10), share(30, 10)),
            (String::new(), ", 50 %".into(), ", 100 %".into())
        );
    }
}
