use std::{sync::Arc, time::Duration};

use super::ErrorSink;

/// How much a [`Reporter`](super::Reporter) keeps, and whom it tells beside the log.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use goplt_core::report::ReportSettings;
///
/// let settings = ReportSettings::new().with_capacity(500).with_interval(Duration::from_secs(10));
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct ReportSettings {
    pub(super) capacity: usize,
    pub(super) interval: Duration,
    pub(super) sink_timeout: Duration,
    pub(super) sinks: Vec<Arc<dyn ErrorSink>>,
}

impl ReportSettings {
    /// A hundred reports wait at most, repeats are told of every minute, a sink has ten seconds
    /// for each incident.
    pub const fn new() -> Self {
        Self {
            capacity: 100,
            interval: Duration::from_secs(60),
            sink_timeout: Duration::from_secs(10),
            sinks: Vec::new(),
        }
    }

    /// How many reports wait at most, and how many incidents for each sink; at least one.
    pub const fn with_capacity(mut self, reports: usize) -> Self {
        self.capacity = if reports == 0 { 1 } else { reports };
        self
    }

    /// How often repeats are told of.
    pub const fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long a sink has for one incident.
    pub const fn with_sink_timeout(mut self, timeout: Duration) -> Self {
        self.sink_timeout = timeout;
        self
    }

    /// Tells this sink too.
    pub fn with_sink(mut self, sink: Arc<dyn ErrorSink>) -> Self {
        self.sinks.push(sink);
        self
    }
}

impl Default for ReportSettings {
    fn default() -> Self {
        Self::new()
    }
}
