//! What the numbers are at one moment, for those who push them.

use std::sync::atomic::Ordering::Relaxed;

use super::{
    cell::Cell,
    family::{Family, Kind},
    registry::Registry,
};

/// A metric with all its series.
#[derive(Debug)]
pub(in crate::telemetry) struct Reading {
    pub(in crate::telemetry) name: &'static str,
    pub(in crate::telemetry) help: &'static str,
    pub(in crate::telemetry) kind: ReadingKind,
    pub(in crate::telemetry) series: Vec<(Labels, Value)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::telemetry) enum ReadingKind {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Debug)]
pub(in crate::telemetry) enum Value {
    Count(u64),
    Number(f64),
    Distribution {
        bounds: &'static [f64],
        /// One more than bounds.
        counts: Vec<u64>,
        sum: f64,
    },
}

pub(in crate::telemetry) type Labels = Vec<(&'static str, Box<str>)>;

pub(super) fn read(registry: &Registry) -> Vec<Reading> {
    let families = registry.snapshot();
    let readings = families.iter().map(|family| of(family));
    readings
        .filter(|reading| !reading.series.is_empty())
        .collect()
}

fn of(family: &Family) -> Reading {
    let kind = match family.kind {
        Kind::Counter => ReadingKind::Counter,
        Kind::Gauge => ReadingKind::Gauge,
        Kind::Histogram(_) => ReadingKind::Histogram,
    };
    let (series, overflow) = family.snapshot();
    let mut read: Vec<_> = series
        .into_iter()
        .map(|(values, cell)| {
            let labels = family.labels.iter().copied().zip(values).collect();
            (labels, value(&cell))
        })
        .collect();
    if let Some(cell) = overflow {
        read.push((vec![("otel_metric_overflow", "true".into())], value(&cell)));
    }
    Reading {
        name: family.name,
        help: family.help,
        kind,
        series: read,
    }
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Counter(count) => Value::Count(count.load(Relaxed)),
        Cell::Gauge(bits) => Value::Number(f64::from_bits(bits.load(Relaxed))),
        Cell::Histogram(distribution) => {
            let (bounds, counts) = distribution.counts();
            Value::Distribution {
                bounds,
                counts,
                sum: distribution.sum(),
            }
        }
    }
}
