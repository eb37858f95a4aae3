//! How long statements take, for the metrics of the process.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::time::Instant;

use super::DbError;
use crate::telemetry::Metrics;

/// Counts what one database does; counts nothing until it is given metrics.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    system: &'static str,
    metrics: Option<Metrics>,
    /// A write failed since the database cannot be written, and none has succeeded since.
    not_writable: Arc<AtomicBool>,
}

impl Meter {
    pub(super) fn new(system: &'static str) -> Self {
        Self {
            system,
            metrics: None,
            not_writable: Arc::default(),
        }
    }

    pub(super) fn with_metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = Some(metrics);
        self
    }

    pub(super) const fn system(&self) -> &'static str {
        self.system
    }

    pub(crate) const fn metrics(&self) -> Option<&Metrics> {
        self.metrics.as_ref()
    }

    /// The same, for one of several databases.
    pub(super) fn of(&self, not_writable: &Arc<AtomicBool>) -> Self {
        Self {
            not_writable: Arc::clone(not_writable),
            ..self.clone()
        }
    }

    /// A transaction that had changed rows was committed.
    pub(super) fn wrote(&self) {
        self.not_writable.store(false, Ordering::Relaxed);
    }

    /// What the last write showed: no health check has to write.
    pub(super) fn is_writable(&self) -> bool {
        !self.not_writable.load(Ordering::Relaxed)
    }

    /// The moment an operation begins, if anyone wants to know.
    pub(super) fn start(&self) -> Option<Instant> {
        self.metrics.as_ref().map(|_| Instant::now())
    }

    pub(super) fn record<T>(
        &self,
        operation: &'static str,
        started: Option<Instant>,
        done: &Result<T, DbError>,
    ) {
        if matches!(done, Err(DbError::NotWritable(_))) {
            self.not_writable.store(true, Ordering::Relaxed);
        }
        if let (Some(metrics), Some(started)) = (&self.metrics, started) {
            let error = done.as_ref().err().map(|error| error.code().as_str());
            metrics.db_query(self.system, operation, error, started.elapsed());
        }
    }
}

/// The first word of a statement that was analysed: one of a few, so a label of few values.
pub(super) fn operation(sql: &str) -> &'static str {
    match sql.as_bytes().first() {
        Some(b'S') => "SELECT",
        Some(b'I') => "INSERT",
        Some(b'U') => "UPDATE",
        Some(b'D') => "DELETE",
        Some(b'W') => "WITH",
        _ => "OTHER",
    }
}
