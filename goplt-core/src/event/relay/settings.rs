//! [`EventSettings`]: how the relay shares, waits and keeps.

use std::time::Duration;

/// How an [`EventRunner`](super::EventRunner) shares, waits and keeps.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use goplt_core::event::EventSettings;
///
/// let settings = EventSettings::new().with_concurrency(4).with_kept_for(Duration::from_secs(3_600));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventSettings {
    pub(super) lease: Duration,
    pub(super) poll: Duration,
    pub(super) concurrency: usize,
    pub(super) kept: Duration,
    pub(super) alone: bool,
}

impl EventSettings {
    /// Leases of 30 seconds, a look every second when nothing wakes it, 16 handlers at once,
    /// delivered events kept for 7 days.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            concurrency: 16,
            kept: Duration::from_secs(7 * 24 * 3_600),
            alone: false,
        }
    }

    /// How long a runner that died is waited for.
    #[must_use]
    pub const fn with_lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// How often to look without being woken: for events of other processes.
    #[must_use]
    pub const fn with_poll(mut self, poll: Duration) -> Self {
        self.poll = poll;
        self
    }

    /// How many handlers may run at once; at least one.
    #[must_use]
    pub const fn with_concurrency(mut self, handlers: usize) -> Self {
        self.concurrency = if handlers == 0 { 1 } else { handlers };
        self
    }

    /// How long a delivered event is kept for groups that appear later.
    #[must_use]
    pub const fn with_kept_for(mut self, kept: Duration) -> Self {
        self.kept = kept;
        self
    }

    /// There is no other runner on this database, so leases found at the start are those of a
    /// process that died: they are taken over at once.
    #[must_use]
    pub const fn alone(mut self) -> Self {
        self.alone = true;
        self
    }
}

impl Default for EventSettings {
    fn default() -> Self {
        Self::new()
    }
}
