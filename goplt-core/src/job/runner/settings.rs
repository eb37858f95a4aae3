//! [`JobSettings`]: how a runner shares, waits and keeps.

use std::time::Duration;

/// How a [`JobRunner`](super::JobRunner) shares, waits and keeps.
///
/// # Examples
///
/// ```
/// use goplt_core::job::JobSettings;
///
/// let settings = JobSettings::new().with_concurrency(2);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobSettings {
    pub(super) lease: Duration,
    pub(super) poll: Duration,
    pub(super) concurrency: usize,
    pub(super) kept: Duration,
    pub(super) alone: bool,
}

impl JobSettings {
    /// Leases of 30 seconds, a look every second when nothing wakes it, 8 jobs at once, done jobs
    /// kept for 7 days.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lease: Duration::from_secs(30),
            poll: Duration::from_secs(1),
            concurrency: 8,
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

    /// How often to look without being woken.
    #[must_use]
    pub const fn with_poll(mut self, poll: Duration) -> Self {
        self.poll = poll;
        self
    }

    /// How many jobs may run at once; at least one.
    #[must_use]
    pub const fn with_concurrency(mut self, jobs: usize) -> Self {
        self.concurrency = if jobs == 0 { 1 } else { jobs };
        self
    }

    /// How long a job that is done can still be seen.
    #[must_use]
    pub const fn with_kept_for(mut self, kept: Duration) -> Self {
        self.kept = kept;
        self
    }

    /// There is no other runner on this database, so leases found at the start are those of a
    /// process that died: their jobs are due at once.
    #[must_use]
    pub const fn alone(mut self) -> Self {
        self.alone = true;
        self
    }
}

impl Default for JobSettings {
    fn default() -> Self {
        Self::new()
    }
}
