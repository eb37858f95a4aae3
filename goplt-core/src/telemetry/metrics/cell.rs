//! The numbers themselves.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// One series. Relaxed throughout: a reader sees each number at some moment, and they depend
/// on nothing else.
#[derive(Debug)]
pub(super) enum Cell {
    Counter(AtomicU64),
    /// The bits of an `f64`.
    Gauge(AtomicU64),
    Histogram(Distribution),
}

#[derive(Debug)]
pub(super) struct Distribution {
    bounds: &'static [f64],
    /// As a time, what surely belongs to the first bucket.
    first_nanos: Option<u64>,
    /// One more than bounds: the last counts what exceeds them all.
    counts: Box<[AtomicU64]>,
    /// The bits of an `f64`: the sum of the values.
    sum: AtomicU64,
    /// The sum of those that were times, in nanoseconds: one addition where a float takes a loop.
    nanos: AtomicU64,
}

impl Cell {
    pub(super) fn add(&self, by: u64) {
        if let Self::Counter(count) = self {
            count.fetch_add(by, Relaxed);
        }
    }

    pub(super) fn set(&self, value: f64) {
        if let Self::Gauge(bits) = self {
            bits.store(value.to_bits(), Relaxed);
        }
    }

    pub(super) fn shift(&self, by: f64) {
        if let Self::Gauge(bits) = self {
            add_float(bits, by);
        }
    }

    pub(super) fn record_time(&self, took: Duration) {
        if let Self::Histogram(distribution) = self {
            distribution.record_time(took);
        }
    }

    pub(super) fn record(&self, value: f64) {
        if let Self::Histogram(distribution) = self {
            distribution.record(value);
        }
    }
}

impl Distribution {
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self {
            bounds,
            first_nanos: bounds.first().and_then(|first| nanos_below(*first)),
            counts,
            sum: AtomicU64::new(0),
            nanos: AtomicU64::new(0),
        }
    }

    fn record(&self, value: f64) {
        self.count(self.bucket(value));
        add_float(&self.sum, value);
    }

    fn record_time(&self, took: Duration) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        // Local calls are in the first bucket: they need not be turned into seconds.
        let bucket = if self.first_nanos.is_some_and(|first| nanos <= first) {
            0
        } else {
            self.bucket(took.as_secs_f64())
        };
        self.count(bucket);
        self.nanos.fetch_add(nanos, Relaxed);
    }

    /// A bound belongs to its bucket: `le` is "less or equal".
    fn bucket(&self, value: f64) -> usize {
        self.bounds.partition_point(|bound| *bound < value)
    }

    fn count(&self, bucket: usize) {
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// The bounds, and how many values lie below each and above the one before.
    #[cfg(feature = "otel")]
    pub(super) fn counts(&self) -> (&'static [f64], Vec<u64>) {
        let counts = self.counts.iter().map(|count| count.load(Relaxed));
        (self.bounds, counts.collect())
    }

    /// Each bound with how many values do not exceed it, and then how many there are.
    pub(super) fn cumulative(&self) -> (Vec<(f64, u64)>, u64) {
        let mut total = 0;
        let mut buckets = Vec::with_capacity(self.bounds.len());
        for (index, count) in self.counts.iter().enumerate() {
            total += count.load(Relaxed);
            if let Some(bound) = self.bounds.get(index) {
                buckets.push((*bound, total));
            }
        }
        (buckets, total)
    }

    pub(super) fn sum(&self) -> f64 {
        let times = Duration::from_nanos(self.nanos.load(Relaxed)).as_secs_f64();
        f64::from_bits(self.sum.load(Relaxed)) + times
    }
}

/// One less than the bound, which may have been rounded up.
fn nanos_below(bound: f64) -> Option<u64> {
    let bound = Duration::try_from_secs_f64(bound).ok()?;
    u64::try_from(bound.as_nanos()).ok()?.checked_sub(1)
}

fn add_float(bits: &AtomicU64, by: f64) {
    let mut seen = bits.load(Relaxed);
    loop {
        let sum = (f64::from_bits(seen) + by).to_bits();
        match bits.compare_exchange_weak(seen, sum, Relaxed, Relaxed) {
            Ok(_) => return,
            Err(now) => seen = now,
        }
    }
}
