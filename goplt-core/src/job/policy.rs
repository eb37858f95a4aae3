//! [`JobPolicy`]: how patient a runner is with a job.

use std::time::Duration;

use crate::event::RetryPolicy;

/// How long a job may take, how often it is tried, and how its schedule deals with the exceptions.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use goplt_core::job::{JobPolicy, MissedRuns};
///
/// let policy = JobPolicy::new().with_timeout(Duration::from_secs(60)).with_missed_runs(MissedRuns::Skip);
/// assert_eq!(policy.missed_runs(), MissedRuns::Skip);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobPolicy {
    timeout: Duration,
    retry: RetryPolicy,
    missed: MissedRuns,
    overlap: Overlap,
}

/// What happens to the times at which a schedule was due while no process ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum MissedRuns {
    /// They are left out. A run that is less than a minute late is not missed.
    Skip,
    /// The job runs once for all of them.
    #[default]
    One,
    /// The job runs for each of them, a thousand at most.
    All,
}

/// What happens when a schedule is due while its last run is not over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Overlap {
    /// The run is left out.
    #[default]
    Skip,
    /// The run waits for the one before.
    Wait,
    /// Both run at once.
    Allow,
}

impl JobPolicy {
    /// Five minutes for an attempt, five attempts with pauses of 1 second to 10 minutes,
    /// [`MissedRuns::One`], [`Overlap::Skip`].
    #[must_use]
    pub const fn new() -> Self {
        Self {
            timeout: Duration::from_secs(300),
            retry: RetryPolicy::new(5)
                .with_first_pause(Duration::from_secs(1))
                .with_longest_pause(Duration::from_secs(600)),
            missed: MissedRuns::One,
            overlap: Overlap::Skip,
        }
    }

    /// How long one attempt may take.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How often, and how much later each time.
    #[must_use]
    pub const fn with_retry(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// What happens to runs that were missed.
    #[must_use]
    pub const fn with_missed_runs(mut self, missed: MissedRuns) -> Self {
        self.missed = missed;
        self
    }

    /// What happens to a run that is due before the last one is over.
    #[must_use]
    pub const fn with_overlap(mut self, overlap: Overlap) -> Self {
        self.overlap = overlap;
        self
    }

    /// How long one attempt may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How often, and how much later each time.
    #[must_use]
    pub const fn retry(&self) -> &RetryPolicy {
        &self.retry
    }

    /// What happens to runs that were missed.
    #[must_use]
    pub const fn missed_runs(&self) -> MissedRuns {
        self.missed
    }

    /// What happens to a run that is due before the last one is over.
    #[must_use]
    pub const fn overlap(&self) -> Overlap {
        self.overlap
    }
}

impl Default for JobPolicy {
    fn default() -> Self {
        Self::new()
    }
}
