use std::time::Duration;

use crate::config::{ModuleConfig, Values};

/// What leaves the process beside its log, and how errors are reported: the section `telemetry`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TelemetrySettings {
    /// `otlp.endpoint`, none: where traces, metrics and logs are sent by OTLP over gRPC, such as
    /// `http://127.0.0.1:4317`. Needs the feature `otel`.
    pub endpoint: Option<String>,
    /// `metrics.interval`, 30 s: how often metrics are sent.
    pub interval: Duration,
    /// `traces.sample_ratio`, 0.1, but 1 in development: how many of the traces that begin here
    /// are recorded. Those that began elsewhere are what their beginning decided.
    pub sample_ratio: f64,
    /// `errors.queue`, 100: how many error reports may wait.
    pub error_queue: usize,
    /// `errors.interval`, 1 min: how often repeats of an error are told of.
    pub error_interval: Duration,
}

impl ModuleConfig for TelemetrySettings {
    const SECTION: &'static str = "telemetry";

    fn from_values(values: &Values) -> Self {
        let queue = values.integer("errors.queue");
        Self {
            endpoint: values.string("otlp.endpoint"),
            interval: values
                .duration("metrics.interval")
                .unwrap_or(Duration::from_secs(30)),
            sample_ratio: values.number("traces.sample_ratio").unwrap_or(0.1),
            error_queue: queue
                .and_then(|queue| usize::try_from(queue).ok())
                .unwrap_or(100),
            error_interval: values
                .duration("errors.interval")
                .unwrap_or(Duration::from_secs(60)),
        }
    }
}
