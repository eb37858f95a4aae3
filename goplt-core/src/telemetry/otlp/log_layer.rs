//! Lines of the log as OTLP records, with the fields of the spans around them and the trace.

use std::time::SystemTime;

use opentelemetry::{
    SpanId, TraceFlags, TraceId,
    logs::{AnyValue, LogRecord, Logger, Severity},
};
use opentelemetry_sdk::logs::SdkLogger;
use serde_json::Value;
use tracing::{
    Event, Level, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use crate::telemetry::{logs::Fields, spans};

pub(super) struct LogLayer {
    logger: SdkLogger,
}

/// Of its own, since each layer may see other spans.
struct SpanFields(Fields);

impl LogLayer {
    pub(super) const fn new(logger: SdkLogger) -> Self {
        Self { logger }
    }
}

impl<S> Layer<S> for LogLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let Some(span) = cx.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(SpanFields(fields));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        let Some(span) = cx.span(id) else { return };
        if let Some(SpanFields(fields)) = span.extensions_mut().get_mut() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let metadata = event.metadata();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let body = fields.take("message");
        for span in cx.event_scope(event).into_iter().flatten() {
            if let Some(SpanFields(around)) = span.extensions().get() {
                fields.add(around.clone());
            }
        }
        let mut record = self.logger.create_log_record();
        record.set_observed_timestamp(SystemTime::now());
        record.set_target(metadata.target());
        record.set_severity_text(metadata.level().as_str());
        record.set_severity_number(severity(*metadata.level()));
        if let Some(body) = body {
            record.set_body(any(body));
        }
        if let Some(trace) = spans::trace_of(&tracing::Span::current()) {
            let flags = if trace.is_sampled() {
                TraceFlags::SAMPLED
            } else {
                TraceFlags::default()
            };
            record.set_trace_context(
                TraceId::from(trace.trace_id()),
                SpanId::from(trace.span_id()),
                Some(flags),
            );
        }
        for (name, value) in fields {
            record.add_attribute(name, any(value));
        }
        self.logger.emit(record);
    }
}

const fn severity(level: Level) -> Severity {
    match level {
        Level::ERROR => Severity::Error,
        Level::WARN => Severity::Warn,
        Level::INFO => Severity::Info,
        Level::DEBUG => Severity::Debug,
        Level::TRACE => Severity::Trace,
    }
}

/// Fields are plain values, so what is left is shown as JSON.
fn any(value: Value) -> AnyValue {
    match value {
        Value::Bool(value) => value.into(),
        Value::String(text) => text.into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into(),
            (None, Some(float)) => float.into(),
            (None, None) => number.to_string().into(),
        },
        other => other.to_string().into(),
    }
}
