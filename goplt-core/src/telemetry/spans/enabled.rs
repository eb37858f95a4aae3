use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::{
    Context, SpanId, TraceFlags, TraceId,
    trace::{SpanContext, TraceContextExt, TraceState},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::telemetry::TraceContext;

/// Set once the layer that exports spans is part of this process's subscriber.
static ON: AtomicBool = AtomicBool::new(false);

pub(in crate::telemetry) fn switch_on() {
    ON.store(true, Ordering::Release);
}

pub(super) fn is_on() -> bool {
    ON.load(Ordering::Relaxed)
}

pub(super) fn enter(span: &Span, parent: TraceContext) -> Option<TraceContext> {
    if !is_on() {
        return None;
    }
    // Without a parent of its own it is a root, and no child of what this task happens to run in.
    let above = Context::new().with_remote_span_context(remote(parent));
    // A span that is filtered out or begun has no parent to set; the ids tell.
    let _ = span.set_parent(above);
    trace_of(span)
}

pub(super) fn trace_of(span: &Span) -> Option<TraceContext> {
    if !is_on() || span.is_disabled() {
        return None;
    }
    let context = span.context();
    let span = context.span();
    let ids = span.span_context();
    ids.is_valid().then(|| {
        TraceContext::new(
            u128::from_be_bytes(ids.trace_id().to_bytes()),
            u64::from_be_bytes(ids.span_id().to_bytes()),
            ids.is_sampled(),
        )
    })
}

fn remote(parent: TraceContext) -> SpanContext {
    if !parent.is_valid() {
        return SpanContext::empty_context();
    }
    let flags = if parent.is_sampled() {
        TraceFlags::SAMPLED
    } else {
        TraceFlags::default()
    };
    SpanContext::new(
        TraceId::from(parent.trace_id()),
        SpanId::from(parent.span_id()),
        flags,
        true,
        TraceState::default(),
    )
}
