//! Numbers about the process, and their text for `/metrics`.
//!
//! The host makes one [`Metrics`]; its clones count into the same numbers. What every goplt
//! process counts is built in, named as OpenTelemetry's semantic conventions name it, in the
//! spelling of Prometheus:
//!
//! | name | labels |
//! |---|---|
//! | `http_server_request_duration_seconds` | `http_request_method`, `http_route`, `http_response_status_code` |
//! | `rpc_server_call_duration_seconds` | `rpc_service`, `rpc_method`, `rpc_response_status_code` |
//! | `db_client_operation_duration_seconds` | `db_system_name`, `db_operation_name`, `error_type` |
//! | `goplt_errors_total` | `error_type` |
//!
//! Modules add their own [`Counter`], [`Gauge`] and [`Histogram`], each with a fixed set of
//! labels. To count does not allocate once a combination of label values has been seen.
//!
//! # Cardinality
//!
//! Each combination of label values is a series, kept until the process ends. So label values
//! come from a small set: a route's pattern, never its path; never a user's or tenant's id. A
//! metric keeps at most [`MAX_SERIES`]; what exceeds them is counted together, in the series
//! `otel_metric_overflow="true"`.
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//! use goplt_core::telemetry::Metrics;
//! use http::{Method, StatusCode};
//!
//! let metrics = Metrics::new();
//! metrics.http_request(&Method::GET, "/posts/{id}", StatusCode::OK, Duration::from_millis(3));
//! let posts = metrics.counter("blog_posts_total", "Posts written", ["kind"])?;
//! posts.add(["draft"], 2);
//!
//! let text = metrics.render();
//! assert!(text.contains("http_route=\"/posts/{id}\""));
//! assert!(text.contains("blog_posts_total{kind=\"draft\"} 2\n"));
//! # Ok::<_, goplt_core::telemetry::metrics::MetricError>(())
//! ```

mod calls;
mod cell;
mod error;
mod family;
mod instrument;
#[cfg(feature = "otel")]
mod reading;
mod registry;
mod render;

use std::{fmt, sync::Arc, time::Duration};

use http::{Method, StatusCode};

use self::registry::Registry;
use crate::Code;

pub(crate) use self::calls::{CallTimer, ContractCalls, MethodCalls};
#[cfg(feature = "otel")]
pub(in crate::telemetry) use self::reading::{Reading, ReadingKind, Value};
pub use self::{
    error::MetricError,
    instrument::{Counter, Gauge, Histogram},
};

/// The most series of one metric.
pub const MAX_SERIES: usize = 2_000;

/// The `Content-Type` of [`Metrics::render`]: the text format of Prometheus.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The numbers of a process. Clones share them. See the [module docs](self).
#[derive(Clone, Default)]
pub struct Metrics {
    registry: Arc<Registry>,
}

impl Metrics {
    /// No numbers yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A request was answered. `route` is the pattern that matched, empty if none did; a method
    /// that HTTP does not define is counted as `_OTHER`.
    pub fn http_request(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let labels = [method_label(method), route, status.as_str()];
        self.registry.http.record(labels, took.as_secs_f64());
    }

    /// A call across a contract has ended. [`LocalGuard`](crate::contract::LocalGuard) records
    /// local calls by itself.
    pub fn call(&self, contract: &str, method: &str, code: Code, took: Duration) {
        self.registry
            .calls
            .record([contract, method, code.as_str()], took.as_secs_f64());
    }

    /// A statement, or the begin or commit of a transaction, has ended.
    ///
    /// `system` is `sqlite` or `postgresql`; `operation` is the statement's first word in upper
    /// case, never its text; `error` is why it failed, a word of a small set.
    pub fn db_query(
        &self,
        system: &'static str,
        operation: &'static str,
        error: Option<&'static str>,
        took: Duration,
    ) {
        let labels = [system, operation, error.unwrap_or_default()];
        self.registry.queries.record(labels, took.as_secs_f64());
    }

    /// A fault of ours: `kind` is a word of a small set, such as `panic` or a code's name.
    pub fn error(&self, kind: &'static str) {
        self.registry.errors.add([kind], 1);
    }

    /// A number that only grows; its name ends in `_total`. The same name with the same labels is
    /// the same counter.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if a name is not `[a-z][a-z0-9_]*`, or is taken by another metric.
    pub fn counter<const N: usize>(
        &self,
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
    ) -> Result<Counter<N>, MetricError> {
        if !name.ends_with("_total") {
            return Err(MetricError::CounterName { name });
        }
        self.registry
            .family(name, help, labels, &family::Kind::Counter)
            .map(Counter::new)
    }

    /// A number that goes up and down.
    ///
    /// # Errors
    ///
    /// As [`counter`](Self::counter).
    pub fn gauge<const N: usize>(
        &self,
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
    ) -> Result<Gauge<N>, MetricError> {
        self.registry
            .family(name, help, labels, &family::Kind::Gauge)
            .map(Gauge::new)
    }

    /// A gauge that is asked for its value whenever the text is made: keep `read` quick. A
    /// second one of the same name replaces the first.
    ///
    /// # Errors
    ///
    /// As [`counter`](Self::counter).
    pub fn observe(
        &self,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Result<(), MetricError> {
        let family = self.registry.family(name, help, [], &family::Kind::Gauge)?;
        self.registry.observe(family, Box::new(read));
        Ok(())
    }

    /// How values are distributed over the buckets with these upper bounds, which must rise.
    ///
    /// # Errors
    ///
    /// As [`counter`](Self::counter), and if the bounds do not rise or are not finite.
    pub fn histogram<const N: usize>(
        &self,
        name: &'static str,
        help: &'static str,
        labels: [&'static str; N],
        bounds: &'static [f64],
    ) -> Result<Histogram<N>, MetricError> {
        self.registry
            .family(name, help, labels, &family::Kind::Histogram(bounds))
            .map(Histogram::new)
    }

    /// The text of `/metrics`, sorted by name and labels: the format that Prometheus calls 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        render::render(&self.registry)
    }

    /// Every number as it is now: what is pushed is what `/metrics` shows.
    #[cfg(feature = "otel")]
    pub(in crate::telemetry) fn readings(&self) -> Vec<Reading> {
        reading::read(&self.registry)
    }

    pub(crate) fn contract(&self, contract: &'static str) -> ContractCalls {
        ContractCalls::new(contract, self.registry.calls.clone())
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

fn method_label(method: &Method) -> &str {
    const KNOWN: [Method; 9] = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::HEAD,
        Method::OPTIONS,
        Method::PATCH,
        Method::CONNECT,
        Method::TRACE,
    ];
    if KNOWN.contains(method) {
        method.as_str()
    } else {
        "_OTHER"
    }
}
