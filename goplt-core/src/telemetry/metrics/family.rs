//! A metric with all its series.

use std::{
    collections::HashMap,
    hash::BuildHasher,
    sync::{Arc, PoisonError, RwLock, atomic::AtomicU64},
};

use foldhash::fast::RandomState;

use super::{
    MAX_SERIES,
    cell::{Cell, Distribution},
};

#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) labels: Box<[&'static str]>,
    pub(super) kind: Kind,
    hasher: RandomState,
    series: RwLock<Series>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram(&'static [f64]),
}

/// By the hash of their label values: a lookup then needs no key of its own.
#[derive(Debug, Default)]
struct Series {
    by_hash: HashMap<u64, Vec<(Values, Arc<Cell>)>, RandomState>,
    count: usize,
    /// What exceeds [`MAX_SERIES`].
    overflow: Option<Arc<Cell>>,
}

pub(super) type Values = Box<[Box<str>]>;

/// All series of a metric sorted by their values, and the overflow.
pub(super) type Snapshot = (Vec<(Values, Arc<Cell>)>, Option<Arc<Cell>>);

impl Family {
    pub(super) fn new(
        name: &'static str,
        help: &'static str,
        labels: &[&'static str],
        kind: Kind,
    ) -> Self {
        let (labels, hasher) = (labels.into(), RandomState::default());
        Self {
            name,
            help,
            labels,
            kind,
            hasher,
            series: RwLock::default(),
        }
    }

    pub(super) fn add<const N: usize>(&self, values: [&str; N], by: u64) {
        self.with(&values, |cell| cell.add(by));
    }

    pub(super) fn record<const N: usize>(&self, values: [&str; N], value: f64) {
        self.with(&values, |cell| cell.record(value));
    }

    /// The cell of these label values, made if it is new.
    pub(super) fn cell(&self, values: &[&str]) -> Arc<Cell> {
        self.with(values, Arc::clone)
    }

    /// Allocates only for values not seen before.
    pub(super) fn with<T>(&self, values: &[&str], act: impl FnOnce(&Arc<Cell>) -> T) -> T {
        let hash = self.hasher.hash_one(values);
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = series.find(hash, values) {
            return act(cell);
        }
        drop(series);
        let cell = self.insert(hash, values);
        act(&cell)
    }

    #[cold]
    fn insert(&self, hash: u64, values: &[&str]) -> Arc<Cell> {
        let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = series.find(hash, values) {
            return cell.clone();
        }
        if series.count >= MAX_SERIES {
            return series
                .overflow
                .get_or_insert_with(|| Arc::new(self.kind.cell()))
                .clone();
        }
        let cell = Arc::new(self.kind.cell());
        let owned = values.iter().map(|&value| value.into()).collect();
        series
            .by_hash
            .entry(hash)
            .or_default()
            .push((owned, cell.clone()));
        series.count += 1;
        cell
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = series.by_hash.values().flatten().cloned().collect();
        let overflow = series.overflow.clone();
        drop(series);
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        (all, overflow)
    }
}

impl Series {
    fn find(&self, hash: u64, values: &[&str]) -> Option<&Arc<Cell>> {
        let same = |known: &Values| {
            known
                .iter()
                .map(|value| &**value)
                .eq(values.iter().copied())
        };
        self.by_hash
            .get(&hash)?
            .iter()
            .find(|(known, _)| same(known))
            .map(|(_, cell)| cell)
    }
}

impl Kind {
    fn cell(&self) -> Cell {
        match self {
            Self::Counter => Cell::Counter(AtomicU64::new(0)),
            Self::Gauge => Cell::Gauge(AtomicU64::new(0)),
            Self::Histogram(bounds) => Cell::Histogram(Distribution::new(bounds)),
        }
    }

    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}
