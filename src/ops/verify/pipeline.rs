//! Sends many statements at once over one connection.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Runs the futures of one connection together, sending their statements in the order of the list.
///
/// The driver sends a statement when its future is first polled. General combinators promise no order of polling, and
/// here the order matters: a savepoint comes before what it protects.
pub(super) async fn in_order<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<State<F>> = futures.into_iter().map(|f| State::Running(Box::pin(f))).collect();
    poll_fn(|context| {
        let mut waiting = false;
        for state in &mut running {
            if let State::Running(future) = state {
                match future.as_mut().poll(context) {
                    Poll::Ready(output) => *state = State::Done(output),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    running
        .into_iter()
        .filter_map(|state| match state {
            State::Done(output) => Some(output),
            State::Running(_) => None,
        })
        .collect()
}

enum State<F: Future> {
    Running(Pin<Box<F>>),
    Done(F::Output),
}
