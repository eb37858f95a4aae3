//! Which traces are recorded.

use opentelemetry::{
    Context, KeyValue,
    trace::{Link, SpanKind, TraceContextExt, TraceId, TraceState},
};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// As its beginning decided, or by the ratio; but a statement without anything above it is no
/// beginning: it is the upkeep of relay and runner, every second of the day.
#[derive(Debug, Clone)]
pub(super) struct Requests {
    sampler: Sampler,
}

impl Requests {
    pub(super) fn sampled(ratio: f64) -> Self {
        let root = Sampler::TraceIdRatioBased(ratio);
        Self {
            sampler: Sampler::ParentBased(Box::new(root)),
        }
    }
}

impl ShouldSample for Requests {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let is_root = !parent.is_some_and(|cx| cx.span().span_context().is_valid());
        if is_root && *kind == SpanKind::Client {
            return SamplingResult {
                decision: SamplingDecision::Drop,
                attributes: Vec::new(),
                trace_state: TraceState::default(),
            };
        }
        self.sampler
            .should_sample(parent, trace_id, name, kind, attributes, links)
    }
}
