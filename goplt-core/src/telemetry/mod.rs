//! Logs, traces and metrics.

mod propagation;

pub use propagation::{TraceContext, TraceParentError};
