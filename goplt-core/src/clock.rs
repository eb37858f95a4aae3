//! Time through one seam: wall time that moves with tokio's clock.

use std::{
    fmt,
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tokio::time::Instant;

/// A moment in UTC, to the microsecond: what databases keep, and what JSON shows as RFC 3339.
///
/// # Examples
///
/// ```
/// use goplt_core::Timestamp;
///
/// let at: Timestamp = "2026-03-01T12:00:00.5Z".parse()?;
/// assert_eq!(at.to_string(), "2026-03-01T12:00:00.5Z");
/// assert_eq!(at.as_micros() % 1_000_000, 500_000);
/// # Ok::<_, goplt_core::clock::TimestampError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is no RFC 3339 time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{input}` is not an RFC 3339 time such as `2026-03-01T12:00:00Z`")]
pub struct TimestampError {
    input: String,
}

/// Wall time at start plus tokio's elapsed time; clones share one clock.
///
/// Under tokio's paused time it stands still and moves with `advance`. A step of
/// the system's clock (NTP, suspend) of more than a second is followed within 10 ms.
///
/// # Examples
///
/// ```
/// use goplt_core::{Clock, Timestamp};
///
/// let noon: Timestamp = "2026-03-01T12:00:00Z".parse()?;
/// let clock = Clock::starting_at(noon);
/// assert!(clock.now() >= noon);
/// # Ok::<_, goplt_core::clock::TimestampError>(())
/// ```
#[derive(Clone)]
pub struct Clock {
    inner: Arc<Inner>,
}

struct Inner {
    wall: i64,
    tokio: Instant,
    /// Set for the system's clock: what its steps are measured against.
    steps: Option<Steps>,
}

#[expect(
    clippy::disallowed_types,
    reason = "tokio's paused time must not look like a step"
)]
struct Steps {
    start: std::time::Instant,
    offset: AtomicI64,
    /// From when on the system's clock is looked at again, in µs since the start: to read it
    /// every time would cost more than all the rest.
    next_look: AtomicI64,
}

const STEP_MICROS: i64 = 1_000_000;
const LOOK_MICROS: i64 = 10_000;

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(0);

    /// From microseconds since 1970.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, as in a token's `exp`.
    #[must_use]
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment moved later; saturating.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// This moment moved earlier; saturating.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// The time from `earlier` to this moment, zero if that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

// === impl Timestamp ===

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => at.fmt(f),
            // Beyond the year 9999 there is no RFC 3339 form.
            Err(_) => write!(f, "{}µs", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        let at: jiff::Timestamp = input.parse().map_err(|_| TimestampError {
            input: input.to_owned(),
        })?;
        Ok(Self(at.as_microsecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

// === impl Clock ===

impl Clock {
    /// The system's clock.
    #[must_use]
    #[expect(
        clippy::disallowed_types,
        reason = "tokio's paused time must not look like a step"
    )]
    pub fn system() -> Self {
        let steps = Steps {
            start: std::time::Instant::now(),
            offset: AtomicI64::new(0),
            next_look: AtomicI64::new(0),
        };
        Self::new(system_micros(), Some(steps))
    }

    /// A clock that begins at `start` and knows nothing of the system's: for tests.
    #[must_use]
    pub fn starting_at(start: Timestamp) -> Self {
        Self::new(start.as_micros(), None)
    }

    fn new(wall: i64, steps: Option<Steps>) -> Self {
        Self {
            inner: Arc::new(Inner {
                wall,
                tokio: Instant::now(),
                steps,
            }),
        }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let Inner { wall, tokio, steps } = &*self.inner;
        let elapsed = micros(tokio.elapsed());
        let offset = steps
            .as_ref()
            .map_or(0, |steps| steps.offset(*wall, elapsed));
        Timestamp((wall + offset).saturating_add(elapsed))
    }
}

impl Steps {
    /// How far the system's clock has been moved since the start, in µs, as of the last look.
    fn offset(&self, wall: i64, elapsed: i64) -> i64 {
        if elapsed < self.next_look.load(Ordering::Relaxed) {
            return self.offset.load(Ordering::Relaxed);
        }
        let next = elapsed.saturating_add(LOOK_MICROS);
        self.next_look.store(next, Ordering::Relaxed);
        self.follow(wall)
    }

    /// As [`offset`](Self::offset), of now.
    fn follow(&self, wall: i64) -> i64 {
        let moved = system_micros() - wall - micros(self.start.elapsed());
        let known = self.offset.load(Ordering::Relaxed);
        if (moved - known).abs() < STEP_MICROS {
            return known;
        }
        self.offset.store(moved, Ordering::Relaxed);
        moved
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Clock").field(&self.now()).finish()
    }
}

fn system_micros() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    micros(since)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn moves_with_tokios_paused_time() {
        let clock = Clock::starting_at(Timestamp::UNIX_EPOCH);
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(clock.now().as_seconds(), 90);
    }

    #[test]
    fn a_step_of_the_system_clock_is_followed_and_jitter_is_not() {
        let clock = Clock::system();
        let steps = clock.inner.steps.as_ref().unwrap();
        assert_eq!(steps.follow(clock.inner.wall), 0);
        // Had the clock started an hour earlier on the wall, it has since been moved by an hour.
        let hour = 3_600_000_000;
        assert!((steps.follow(clock.inner.wall - hour) - hour).abs() < STEP_MICROS);
    }

    #[test]
    fn the_system_clock_is_looked_at_now_and_then() {
        let clock = Clock::system();
        let steps = clock.inner.steps.as_ref().unwrap();
        let later = micros(clock.inner.tokio.elapsed()) + 60_000_000;
        let hour = 3_600_000_000;
        let moved = |elapsed| steps.offset(clock.inner.wall - hour, elapsed);
        assert!((moved(later) - hour).abs() < STEP_MICROS);
        let step_back = |elapsed| steps.offset(clock.inner.wall, elapsed);
        assert!((step_back(later + LOOK_MICROS - 1) - hour).abs() < STEP_MICROS);
        assert!(step_back(later + LOOK_MICROS).abs() < STEP_MICROS);
    }

    #[test]
    fn json_is_rfc_3339() {
        let at = Timestamp::from_micros(1_500_000);
        let json = serde_json::to_string(&at).unwrap();
        assert_eq!(json, "\"1970-01-01T00:00:01.5Z\"");
        assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap(), at);
        assert!(serde_json::from_str::<Timestamp>("\"yesterday\"").is_err());
    }

    #[test]
    fn arithmetic_saturates() {
        assert_eq!(
            Timestamp(i64::MAX).plus(Duration::from_secs(1)).as_micros(),
            i64::MAX
        );
        assert_eq!(Timestamp(0).since(Timestamp(5)), Duration::ZERO);
    }
}
