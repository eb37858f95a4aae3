//! [`RetryPolicy`]: how often, and how much later each time.

use std::time::Duration;

use crate::Random;

/// How often a handler or a job is tried, and how long the pauses are: the first, then twice as
/// long each time up to a limit, each varied by a quarter so that failures do not march in step.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use goplt_core::{Random, event::RetryPolicy};
///
/// let policy = RetryPolicy::new(5).with_first_pause(Duration::from_secs(1));
/// let third = policy.pause(3, &Random::seeded(1));
/// assert!((3..=5).contains(&third.as_secs()), "4 s, more or less");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    attempts: u32,
    first: Duration,
    longest: Duration,
}

impl RetryPolicy {
    /// At most this many attempts (at least one), with pauses of 200 ms to 5 minutes.
    #[must_use]
    pub const fn new(attempts: u32) -> Self {
        Self {
            attempts: if attempts == 0 { 1 } else { attempts },
            first: Duration::from_millis(200),
            longest: Duration::from_secs(300),
        }
    }

    /// The pause after the first failure.
    #[must_use]
    pub const fn with_first_pause(mut self, pause: Duration) -> Self {
        self.first = pause;
        self
    }

    /// No pause is longer.
    #[must_use]
    pub const fn with_longest_pause(mut self, pause: Duration) -> Self {
        self.longest = pause;
        self
    }

    /// How many attempts there are.
    #[must_use]
    pub const fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The pause after this many failures.
    #[must_use]
    pub fn pause(&self, failures: u32, random: &Random) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let pause = self.first.saturating_mul(1 << doublings).min(self.longest);
        let quarter = u64::try_from(pause.as_micros() / 4).unwrap_or(u64::MAX / 4);
        pause.saturating_sub(Duration::from_micros(quarter))
            + Duration::from_micros(random.below(2 * quarter + 1))
    }
}

impl Default for RetryPolicy {
    /// Ten attempts: the last about 100 s after the first.
    fn default() -> Self {
        Self::new(10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let policy = RetryPolicy::new(3)
            .with_first_pause(Duration::from_secs(1))
            .with_longest_pause(Duration::from_secs(10));
        let random = Random::seeded(1);
        for (failures, seconds) in [(1, 1.0), (2, 2.0), (3, 4.0), (9, 10.0), (4_000, 10.0)] {
            let pause = policy.pause(failures, &random).as_secs_f64();
            assert!(
                (seconds * 0.75..=seconds * 1.25).contains(&pause),
                "{failures}: {pause}"
            );
        }
    }
}
