//! Ctrl-C and SIGTERM: one flag that commands and operations can wait for, and the way a running statement ends.

mod errors;

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{sleep, timeout};

pub use errors::abandoned;
use errors::{as_interrupted, stopped, unanswered};

use crate::error::Result;

/// How long the server may take to confirm that a canceled statement is rolled back.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the cancel request is repeated; one that arrives between two statements cancels nothing.
const REPEAT: Duration = Duration::from_millis(500);

type Canceling = Pin<Box<dyn Future<Output = ()> + Send>>;
type Cancel = Arc<dyn Fn() -> Canceling + Send + Sync>;

/// A shared flag that the user wants to stop. Clones see the same flag.
#[derive(Clone)]
pub struct Interrupt {
    flag: Arc<watch::Sender<bool>>,
    cancels: Arc<Mutex<Vec<Cancel>>>,
    asking: Arc<AtomicBool>,
}

impl Default for Interrupt {
    fn default() -> Self {
        Self {
            flag: Arc::new(watch::Sender::new(false)),
            cancels: Arc::default(),
            asking: Arc::default(),
        }
    }
}

impl Interrupt {
    /// Creates a flag that is not raised; without a [`request`](Self::request) it never is, which suits embedding.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Raises the flag.
    pub fn request(&self) {
        self.flag.send_replace(true);
    }

    /// Tells whether the flag is raised.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.flag.borrow()
    }

    /// Waits until the flag is raised; for `select!`, and safe to drop.
    pub async fn requested(&self) {
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = self.flag.subscribe().wait_for(|raised| *raised).await;
    }

    /// Stops an operation between two statements.
    ///
    /// # Errors
    /// [`crate::Kind::Interrupted`] if the flag is raised.
    pub fn check(&self) -> Result<()> {
        if self.is_requested() {
            Err(stopped())
        } else {
            Ok(())
        }
    }

    /// Sleeps, such as between two attempts at a lock, but not beyond an interrupt.
    ///
    /// # Errors
    /// [`crate::Kind::Interrupted`] as soon as the flag is raised.
    pub async fn sleep(&self, duration: Duration) -> Result<()> {
        tokio::select! {
            biased;
            () = self.requested() => Err(stopped()),
            () = sleep(duration) => Ok(()),
        }
    }

    /// Has an interrupt call `cancel`, repeatedly until the operation ends.
    pub fn watch_with<F>(&self, cancel: impl Fn() -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let cancel: Cancel = Arc::new(move || Box::pin(cancel()));
        self.cancels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(cancel);
    }

    /// Runs a whole command: on an interrupt calls `announce`, cancels what runs on the watched connections and
    /// waits for the command to end in its own way. Without a watched connection the command is dropped at once.
    ///
    /// # Errors
    /// What the command reports; after an interrupt as [`crate::Kind::Interrupted`] with the command's error as the cause,
    /// except [`crate::Kind::Unknown`], which stays. A command that finished all the same is a success.
    pub async fn run<T>(
        &self,
        command: impl Future<Output = Result<T>>,
        announce: impl FnOnce(),
    ) -> Result<T> {
        let mut command = pin!(command);
        let early = tokio::select! {
            biased;
            outcome = &mut command => Some(outcome),
            () = self.requested() => None,
        };
        let outcome = match early {
            Some(outcome) => outcome,
            None if self.snapshot().is_empty() => Err(stopped()),
            None => {
                announce();
                tokio::select! {
                    biased;
                    outcome = &mut command => outcome,
                    () = self.cancel_repeatedly() => Err(unanswered(PATIENCE)),
                }
            }
        };
        match outcome {
            Err(error) if self.is_requested() => Err(as_interrupted(error)),
            outcome => outcome,
        }
    }

    /// Marks that a person is being asked something, until the answer is dropped.
    #[must_use]
    pub fn asking(&self) -> Asking<'_> {
        self.asking.store(true, Ordering::SeqCst);
        Asking(&self.asking)
    }

    /// Tells whether a person is being asked something, so that there is no statement to wait for.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.asking.load(Ordering::SeqCst)
    }

    fn snapshot(&self) -> Vec<Cancel> {
        self.cancels
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn cancel_repeatedly(&self) {
        let repeat = async {
            loop {
                for cancel in self.snapshot() {
                    let _ = timeout(REPEAT, cancel()).await;
                }
                sleep(REPEAT).await;
            }
        };
        let _: Result<(), _> = timeout(PATIENCE, repeat).await;
    }
}

/// The time of a question; see [`Interrupt::asking`].
#[derive(Debug)]
pub struct Asking<'a>(&'a AtomicBool);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use tokio::sync::Notify;

    use super::*;
    use crate::error::{Error, Kind};

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime.block_on(future),
            Err(error) => panic!("no runtime: {error}"),
        }
    }

    #[test]
    fn an_interrupt_cancels_the_statement_and_waits_for_its_end() {
        block_on(async {
            let interrupt = Interrupt::new();
            let (canceled, calls) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
            let (notify, count) = (canceled.clone(), calls.clone());
            interrupt.watch_with(move || {
                count.fetch_add(1, Ordering::SeqCst);
                notify.notify_one();
                std::future::ready(())
            });
            let command = async {
                interrupt.request();
                canceled.notified().await;
                Err::<(), _>(Error::failed("could not apply").with_hint("nothing was kept"))
            };
            let mut announced = false;
            let error = interrupt.run(command, || announced = true).await.err();
            let expected = Error::new(Kind::Interrupted, "interrupted")
                .with_cause("could not apply")
                .with_hint("nothing was kept");
            assert_eq!(error, Some(expected));
            assert_eq!((announced, calls.load(Ordering::SeqCst)), (true, 1));
        });
    }

    #[test]
    fn a_command_without_a_connection_is_dropped_at_once() {
        block_on(async {
            let interrupt = Interrupt::new();
            let command = async {
                interrupt.request();
                std::future::pending::<Result<()>>().await
            };
            let outcome = interrupt.run(command, || {}).await;
            assert_eq!(outcome.map_err(|e| e.kind), Err(Kind::Interrupted));
        });
    }

    #[test]
    fn a_sleep_ends_with_the_interrupt() {
        block_on(async {
            let interrupt = Interrupt::new();
            interrupt.request();
            let slept = interrupt.sleep(Duration::from_secs(3600)).await;
            assert_eq!(slept.map_err(|e| e.kind), Err(Kind::Interrupted));
        });
    }
}
