//! How long statements take, for the metrics of the process.

use tokio::time::Instant;

use super::DbError;
use crate::telemetry::Metrics;

/// Counts what one database does; counts nothing until it is given metrics.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    system: &'static str,
    metrics: Option<Metrics>,
}

impl Meter {
    pub(super) const fn new(system: &'static str) -> Self {
        Self {
            system,
            metrics: None,
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
