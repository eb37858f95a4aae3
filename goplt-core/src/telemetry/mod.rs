//! Logs, traces and metrics.
//!
//! [`Metrics`] and [`TraceContext`] are always here and need no dependency; the output of
//! logs is behind the feature `telemetry`.

#[cfg(feature = "telemetry")]
#[cfg_attr(docsrs, doc(cfg(feature = "telemetry")))]
pub mod logs;
pub mod metrics;
mod propagation;

#[doc(inline)]
pub use self::metrics::Metrics;
pub use self::propagation::{TraceContext, TraceParentError};
