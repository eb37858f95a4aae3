//! The end of a process: a signal to drain, stages in order, and a limit to both.
//!
//! The host owns the [`Shutdown`]; everyone who must notice the end has a [`ShutdownToken`]. The
//! first signal begins draining and starts the grace period. What is still at work holds an
//! [`OpenWork`] with a name. A second signal, or the end of the grace period, interrupts the
//! stage that runs, and [`Interrupted`] says what it waited for.
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//! use goplt_core::shutdown::Shutdown;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), goplt_core::shutdown::Interrupted> {
//! let shutdown = Shutdown::new(Duration::from_secs(20));
//! let token = shutdown.token();
//! tokio::spawn(async move {
//!     let _open = token.hold("sweeper of module blog");
//!     token.draining().await;
//! });
//! tokio::task::yield_now().await;
//!
//! shutdown.signal(); // SIGTERM
//! shutdown.stage("stop accepting", async {}).await?;
//! shutdown.wait_for_open_work("finish open work").await?;
//! # Ok(()) }
//! ```

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};

/// Ends the process in order. Clones are handles of the same end.
#[derive(Debug, Clone)]
pub struct Shutdown {
    shared: Arc<Shared>,
}

/// Tells of the end, for everyone but the host.
#[derive(Debug, Clone)]
pub struct ShutdownToken {
    shared: Arc<Shared>,
}

/// Work that the end waits for, until this is dropped.
#[derive(Debug)]
#[must_use = "the work is closed when this is dropped"]
pub struct OpenWork {
    shared: Arc<Shared>,
    name: Cow<'static, str>,
}

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the three states of an end")]
pub enum Phase {
    /// No end in sight.
    Running,
    /// Finish what is open, begin nothing.
    Draining,
    /// Stop at once.
    Forced,
}

/// A stage was cut short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interrupted {
    cause: Cause,
    stage: Cow<'static, str>,
    open: Vec<(String, usize)>,
}

/// What cut a stage short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// A second signal.
    Signal,
    /// The grace period is over.
    GracePeriod,
}

#[derive(Debug)]
struct Shared {
    grace: Duration,
    phase: watch::Sender<Phase>,
    /// Set when draining begins.
    deadline: OnceLock<Instant>,
    open: Mutex<BTreeMap<Cow<'static, str>, usize>>,
    closed: Notify,
}

// === impl Shutdown ===

impl Shutdown {
    /// With this grace period, counted from the first signal.
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        let shared = Shared {
            grace,
            phase: watch::Sender::new(Phase::Running),
            deadline: OnceLock::new(),
            open: Mutex::default(),
            closed: Notify::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// For those who must notice the end.
    #[must_use]
    pub fn token(&self) -> ShutdownToken {
        ShutdownToken {
            shared: self.shared.clone(),
        }
    }

    /// A signal of the operating system: the first begins to drain, the second forces the end.
    pub fn signal(&self) {
        if !self.drain() {
            self.force();
        }
    }

    /// Begins to drain; `false` if that has happened before.
    pub fn drain(&self) -> bool {
        self.shared
            .deadline
            .get_or_init(|| Instant::now() + self.shared.grace);
        self.shared.advance(Phase::Draining)
    }

    /// Ends the stage that runs, and every later one, at once.
    pub fn force(&self) {
        self.drain();
        self.shared.advance(Phase::Forced);
    }

    /// How far the end has come.
    #[must_use]
    pub fn phase(&self) -> Phase {
        *self.shared.phase.borrow()
    }

    /// Runs one stage of the end; begins to drain if nobody has. A stage that is done at its
    /// first poll is never cut short.
    ///
    /// # Errors
    ///
    /// [`Interrupted`] on a second signal or at the end of the grace period; the stage is dropped.
    pub async fn stage<F: Future>(
        &self,
        name: impl Into<Cow<'static, str>>,
        work: F,
    ) -> Result<F::Output, Interrupted> {
        self.drain();
        let cause = tokio::select! {
            biased;
            output = work => return Ok(output),
            // Whoever forces the end at its limit is no second signal.
            () = self.shared.reached(Phase::Forced) => match self.remaining() {
                Duration::ZERO => Cause::GracePeriod,
                _ => Cause::Signal,
            },
            () = self.grace_period() => Cause::GracePeriod,
        };
        Err(Interrupted {
            cause,
            stage: name.into(),
            open: self.open_work(),
        })
    }

    /// A stage that lasts until no [`OpenWork`] is left.
    ///
    /// # Errors
    ///
    /// As [`stage`](Self::stage).
    pub async fn wait_for_open_work(
        &self,
        name: impl Into<Cow<'static, str>>,
    ) -> Result<(), Interrupted> {
        self.stage(name, self.shared.all_closed()).await
    }

    /// What is still open: names and how often.
    #[must_use]
    pub fn open_work(&self) -> Vec<(String, usize)> {
        self.shared
            .lock()
            .iter()
            .map(|(name, count)| (name.to_string(), *count))
            .collect()
    }

    /// Resolves when draining begins: after the first signal.
    pub async fn draining(&self) {
        self.shared.reached(Phase::Draining).await;
    }

    /// What is left of the grace period; all of it before draining begins.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        let deadline = self.shared.deadline.get();
        deadline.map_or(self.shared.grace, |at| {
            at.saturating_duration_since(Instant::now())
        })
    }

    async fn grace_period(&self) {
        match self.shared.deadline.get() {
            Some(deadline) => sleep_until(*deadline).await,
            None => std::future::pending().await,
        }
    }
}

// === impl ShutdownToken ===

impl ShutdownToken {
    /// Whether nothing new should begin.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        *self.shared.phase.borrow() >= Phase::Draining
    }

    /// Resolves when draining begins.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost by dropping the future.
    pub async fn draining(&self) {
        self.shared.reached(Phase::Draining).await;
    }

    /// Resolves when the end is forced by a second signal.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost by dropping the future.
    pub async fn forced(&self) {
        self.shared.reached(Phase::Forced).await;
    }

    /// Marks work as open: the end waits for it, and names it if it waits in vain.
    ///
    /// Keep the set of names small, one per kind of work: work of the same name is counted.
    pub fn hold(&self, name: impl Into<Cow<'static, str>>) -> OpenWork {
        let name = name.into();
        *self.shared.lock().entry(name.clone()).or_default() += 1;
        OpenWork {
            shared: self.shared.clone(),
            name,
        }
    }
}

// === impl OpenWork ===

impl Drop for OpenWork {
    fn drop(&mut self) {
        let mut open = self.shared.lock();
        if let Some(count) = open.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.name);
            }
        }
        let last = open.is_empty();
        drop(open);
        if last {
            self.shared.closed.notify_waiters();
        }
    }
}

// === impl Shared ===

impl Shared {
    /// Whether this call moved the phase.
    fn advance(&self, to: Phase) -> bool {
        self.phase.send_if_modified(|phase| {
            let later = *phase < to;
            *phase = (*phase).max(to);
            later
        })
    }

    async fn reached(&self, phase: Phase) {
        let mut changes = self.phase.subscribe();
        // The sender is ours, so the channel cannot close.
        let _ = changes.wait_for(|now| *now >= phase).await;
    }

    async fn all_closed(&self) {
        loop {
            // INVARIANT: waiting begins before looking, or the last close could be missed.
            let mut closed = std::pin::pin!(self.closed.notified());
            closed.as_mut().enable();
            if self.lock().is_empty() {
                return;
            }
            closed.await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Cow<'static, str>, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Interrupted ===

impl Interrupted {
    /// What cut the stage short.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// The stage.
    #[must_use]
    pub fn stage(&self) -> &str {
        &self.stage
    }

    /// What was still open: names and how often.
    #[must_use]
    pub fn open(&self) -> &[(String, usize)] {
        &self.open
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = match self.cause {
            Cause::Signal => "a second signal",
            Cause::GracePeriod => "the end of the grace period",
        };
        write!(f, "{cause} cut short `{}`", self.stage)?;
        for (index, (name, count)) in self.open.iter().enumerate() {
            let separator = if index == 0 { "; still open: " } else { ", " };
            let times = if *count > 1 {
                format!(" ({count})")
            } else {
                String::new()
            };
            write!(f, "{separator}{name}{times}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Interrupted {}
