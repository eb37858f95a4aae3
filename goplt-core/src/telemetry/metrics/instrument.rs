use std::sync::Arc;

use super::family::Family;

/// A number that only grows, with `N` labels. Made by [`Metrics::counter`](super::Metrics::counter).
#[derive(Debug, Clone)]
pub struct Counter<const N: usize> {
    family: Arc<Family>,
}

/// A number that goes up and down, with `N` labels. Made by [`Metrics::gauge`](super::Metrics::gauge).
#[derive(Debug, Clone)]
pub struct Gauge<const N: usize> {
    family: Arc<Family>,
}

/// A distribution, with `N` labels. Made by [`Metrics::histogram`](super::Metrics::histogram).
#[derive(Debug, Clone)]
pub struct Histogram<const N: usize> {
    family: Arc<Family>,
}

impl<const N: usize> Counter<N> {
    pub(super) fn new(family: Arc<Family>) -> Self {
        Self { family }
    }

    /// Adds to the series of these label values.
    pub fn add(&self, values: [&str; N], by: u64) {
        self.family.add(values, by);
    }
}

impl<const N: usize> Gauge<N> {
    pub(super) fn new(family: Arc<Family>) -> Self {
        Self { family }
    }

    /// Sets the series of these label values.
    pub fn set(&self, values: [&str; N], value: f64) {
        self.family.with(&values, |cell| cell.set(value));
    }

    /// Moves the series of these label values up, or down by a negative number.
    pub fn add(&self, values: [&str; N], by: f64) {
        self.family.with(&values, |cell| cell.shift(by));
    }
}

impl<const N: usize> Histogram<N> {
    pub(super) fn new(family: Arc<Family>) -> Self {
        Self { family }
    }

    /// Counts a value in the series of these label values; durations are in seconds.
    pub fn record(&self, values: [&str; N], value: f64) {
        self.family.record(values, value);
    }
}
