//! The span of one attempt at an event.

use tracing::{
    Span,
    field::{Empty, display},
};

use super::load::Due;
use crate::{ModuleName, Random, telemetry, telemetry::TraceContext};

/// A span that continues the trace of what caused the event, and its own place in it.
pub(super) fn of(group: &ModuleName, due: &Due, random: &Random) -> (Span, TraceContext) {
    let event = &due.event;
    let exported = telemetry::is_exported();
    let span = tracing::info_span!(
        "event.handle",
        otel.name = exported.then(|| display(format!("process {}", event.name))),
        otel.kind = exported.then_some("consumer"),
        otel.status_code = Empty,
        messaging.system = exported.then_some("goplt"),
        messaging.operation.name = exported.then_some("handle"),
        messaging.operation.type = exported.then_some("process"),
        messaging.destination.name = event.name,
        messaging.consumer.group.name = group.as_str(),
        messaging.message.id = %event.id,
        tenant_id = event.tenant,
        request_id = event.request_id,
        trace_id = Empty,
        attempt = due.attempts + 1,
        error.type = Empty,
    );
    let trace = telemetry::continue_trace(&span, event.trace(), random);
    if !span.is_disabled() {
        span.record(
            "trace_id",
            display(format_args!("{:032x}", trace.trace_id())),
        );
    }
    (span, trace)
}
