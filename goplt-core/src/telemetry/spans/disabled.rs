use tracing::Span;

use crate::telemetry::TraceContext;

pub(super) const fn enter(_: &Span, _: TraceContext) -> Option<TraceContext> {
    None
}

pub(super) const fn trace_of(_: &Span) -> Option<TraceContext> {
    None
}

pub(super) const fn is_on() -> bool {
    false
}
