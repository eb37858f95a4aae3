//! Logs, traces and metrics.
//!
//! [`Metrics`] and [`TraceContext`] are always here and need no dependency; the output of
//! logs is behind the feature `telemetry`, and what is exported by OTLP behind `otel`.

#[cfg(feature = "telemetry")]
#[cfg_attr(docsrs, doc(cfg(feature = "telemetry")))]
pub mod export;
#[cfg(feature = "telemetry")]
#[cfg_attr(docsrs, doc(cfg(feature = "telemetry")))]
pub mod logs;
pub mod metrics;
#[cfg(feature = "otel")]
mod otlp;
mod propagation;
mod settings;
mod spans;

#[cfg(feature = "telemetry")]
#[cfg_attr(docsrs, doc(cfg(feature = "telemetry")))]
#[doc(inline)]
pub use self::export::{Service, Telemetry, TelemetryError};
#[doc(inline)]
pub use self::metrics::Metrics;
#[cfg(feature = "data")]
pub(crate) use self::spans::trace_below;
pub use self::{
    propagation::{TraceContext, TraceParentError},
    settings::TelemetrySettings,
    spans::{continue_trace, is_exported, trace_of},
};
