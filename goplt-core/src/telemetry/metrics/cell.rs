//! The numbers themselves.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

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
    /// One more than bounds: the last counts what exceeds them all.
    counts: Box<[AtomicU64]>,
    /// The bits of an `f64`.
    sum: AtomicU64,
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
            counts,
            sum: AtomicU64::new(0),
        }
    }

    fn record(&self, value: f64) {
        // A bound belongs to its bucket: `le` is "less or equal".
        let bucket = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Relaxed);
        }
        add_float(&self.sum, value);
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
        f64::from_bits(self.sum.load(Relaxed))
    }
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
