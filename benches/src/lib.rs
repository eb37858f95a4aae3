//! Shared parts of the benchmarks.

use std::time::Duration;

use criterion::{
    Criterion,
    measurement::{Measurement, ValueFormatter, WallTime},
};
use rustix::time::{ClockId, clock_gettime};

/// Measures the time that the process held a processor, so that neighbours on a shared machine
/// cost little.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProcessorTime;

/// How every benchmark here is measured.
#[must_use]
pub fn measured() -> Criterion<ProcessorTime> {
    Criterion::default().with_measurement(ProcessorTime)
}

/// What the calling thread has used so far.
#[must_use]
pub fn thread_time() -> Duration {
    read(ClockId::ThreadCPUTime)
}

/// What the process has used so far, all its threads together.
#[must_use]
pub fn process_time() -> Duration {
    read(ClockId::ProcessCPUTime)
}

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    // INVARIANT: processor time begins at zero, and a part of a second is below 10⁹.
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default())
}

impl Measurement for ProcessorTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        read(ClockId::ProcessCPUTime)
    }

    fn end(&self, start: Duration) -> Duration {
        read(ClockId::ProcessCPUTime).saturating_sub(start)
    }

    fn add(&self, left: &Duration, right: &Duration) -> Duration {
        *left + *right
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "nanoseconds of a benchmark fit in 53 bits"
    )]
    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        const { &WallTime }.formatter()
    }
}
