//! Spans, and the traces that they belong to.
//!
//! A request, an event and a job know their trace as a [`TraceContext`], whether or not anything
//! is exported: it is in every line of the log and in what is sent on. Where spans are exported
//! (feature `otel`, and an endpoint set), the exporter makes the ids, so that both agree.

#[cfg(not(feature = "otel"))]
mod disabled;
#[cfg(feature = "otel")]
mod enabled;

use tracing::Span;

#[cfg(not(feature = "otel"))]
use self::disabled as exporter;
#[cfg(feature = "otel")]
use self::enabled as exporter;
use super::TraceContext;
use crate::Random;

#[cfg(feature = "otel")]
pub(in crate::telemetry) use self::enabled::switch_on;

/// Makes `span` a child of `parent`, or the root of a new trace if that is none, and returns its
/// own place in the trace: what is sent on to others.
///
/// Call it before the span is entered.
///
/// # Examples
///
/// ```
/// use goplt_core::{Random, telemetry::{TraceContext, continue_trace}};
///
/// let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let caller: TraceContext = header.parse()?;
/// let span = tracing::info_span!("import");
/// let trace = continue_trace(&span, caller, &Random::system());
/// assert_eq!(trace.trace_id(), caller.trace_id());
/// # Ok::<_, goplt_core::telemetry::TraceParentError>(())
/// ```
#[must_use = "it is what others continue"]
pub fn continue_trace(span: &Span, parent: TraceContext, random: &Random) -> TraceContext {
    exporter::enter(span, parent).unwrap_or_else(|| {
        if parent.is_valid() {
            parent.child(random)
        } else {
            TraceContext::root(random, true)
        }
    })
}

/// As [`continue_trace`], and `None` where spans are not exported.
#[cfg(feature = "data")]
pub(crate) fn trace_below(span: &Span, parent: TraceContext) -> Option<TraceContext> {
    exporter::enter(span, parent)
}

/// The place of `span` in its trace; `None` where spans are not exported.
#[must_use]
pub fn trace_of(span: &Span) -> Option<TraceContext> {
    exporter::trace_of(span)
}

/// Whether spans are exported by this process: fields that only exporters read can be left out
/// otherwise.
#[must_use]
pub fn is_exported() -> bool {
    exporter::is_on()
}
