//! [`EventPolicy`]: how patient a group is with its handler.

use std::time::Duration;

use super::RetryPolicy;

/// How long a handler may take, how often it is tried, and what then.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use goplt_core::event::{AfterLastAttempt, EventPolicy, RetryPolicy};
///
/// let policy = EventPolicy::new()
///     .with_timeout(Duration::from_secs(5))
///     .with_retry(RetryPolicy::new(3))
///     .with_after_last_attempt(AfterLastAttempt::Skip);
/// assert_eq!(policy.retry().attempts(), 3);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventPolicy {
    timeout: Duration,
    retry: RetryPolicy,
    after: AfterLastAttempt,
    shares: bool,
}

/// What becomes of a key whose event used up its attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum AfterLastAttempt {
    /// The event becomes a dead letter, and the later events of its key wait until it is replayed
    /// or purged: nothing is handled out of order.
    #[default]
    ParkKey,
    /// The event becomes a dead letter, and its key goes on.
    Skip,
}

impl EventPolicy {
    /// 30 seconds for a handler, [`RetryPolicy::default`], [`AfterLastAttempt::ParkKey`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            retry: RetryPolicy::default(),
            after: AfterLastAttempt::default(),
            shares: false,
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

    /// What becomes of the key after the last attempt.
    #[must_use]
    pub const fn with_after_last_attempt(mut self, after: AfterLastAttempt) -> Self {
        self.after = after;
        self
    }

    /// Lets up to 64 events of one tenant share a transaction where they wait to be handled: one
    /// commit then stands for all of them. For handlers that read and write the database and do
    /// nothing else.
    ///
    /// Events of a key stay in their order. When one event fails, what all of them did is rolled
    /// back, and each is handled alone: a handler may so be called again for an event that it had
    /// handled, as after a crash. It must not call contracts, since the transaction may be open
    /// when it begins. The rows that it changes stay locked until the last of the events was
    /// handled; a process has one such transaction of a tenant and group at a time, so they do not
    /// wait for each other, but requests that change the same rows do.
    ///
    /// Not the default, also where a handler is given nothing but the transaction: nobody but its
    /// author knows whether it does something that a rollback does not undo, and whether requests
    /// can wait for its rows.
    #[must_use]
    pub const fn with_shared_transactions(mut self) -> Self {
        self.shares = true;
        self
    }

    /// Whether events of one tenant may share a transaction.
    #[must_use]
    pub const fn shares_transactions(&self) -> bool {
        self.shares
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

    /// What becomes of the key after the last attempt.
    #[must_use]
    pub const fn after_last_attempt(&self) -> AfterLastAttempt {
        self.after
    }
}

impl Default for EventPolicy {
    fn default() -> Self {
        Self::new()
    }
}
