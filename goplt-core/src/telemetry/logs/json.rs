//! One flat JSON object per event.

use std::{
    io::Write,
    time::{SystemTime, UNIX_EPOCH},
};

use tracing::{
    Event, Subscriber,
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, fmt::MakeWriter, layer::Context, registry::LookupSpan};

use super::fields::Fields;
use crate::Timestamp;

pub(super) struct JsonLayer<W> {
    writer: W,
}

impl<W> JsonLayer<W> {
    pub(super) const fn new(writer: W) -> Self {
        Self { writer }
    }
}

impl<S, W> Layer<S> for JsonLayer<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let Some(span) = cx.span(id) else { return };
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        span.extensions_mut().insert(fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        let Some(span) = cx.span(id) else { return };
        if let Some(fields) = span.extensions_mut().get_mut::<Fields>() {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let metadata = event.metadata();
        let mut own = Fields::default();
        event.record(&mut own);
        // INVARIANT: the line's own fields come first, so that no other can pretend to be one.
        let mut line = Fields::default();
        line.set("timestamp", now().to_string());
        line.set("level", metadata.level().as_str());
        line.set("target", metadata.target());
        line.set("message", own.take("message").unwrap_or_else(|| "".into()));
        line.add(own);
        // From the innermost outwards: what is there stays.
        for span in cx.event_scope(event).into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<Fields>() {
                line.add(fields.clone());
            }
        }
        let Ok(mut bytes) = serde_json::to_vec(&line) else {
            return;
        };
        bytes.push(b'\n');
        // One write per line, so that lines of two threads do not mix; nobody could be told of
        // an error but through this log.
        let _ = self.writer.make_writer_for(metadata).write_all(&bytes);
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::UNIX_EPOCH.plus(since)
}
