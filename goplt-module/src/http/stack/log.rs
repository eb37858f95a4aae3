//! The span of a request, and the lines about it.

use std::time::Duration;

use axum::extract::Request;
use goplt_core::{
    Problem, RequestContext,
    error::chain,
    telemetry::{self, TraceContext},
};
use http::StatusCode;
use tracing::{
    Span, debug, error, error_span,
    field::{Empty, display},
    info, warn,
};

/// Which lines a request leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// One each at `info`.
    Routes,
    /// One each at `debug`: whoever watches a process asks often.
    Probes,
}

/// The span of a request. Its level is `error` so that it is there for every line within.
pub(super) fn request_span(request: &Request, cx: &RequestContext, route: Option<&str>) -> Span {
    let method = request.method();
    let exported = telemetry::is_exported();
    let span = error_span!(
        "request",
        otel.name = exported.then(|| display(format!("{method} {}", route.unwrap_or_default()))),
        otel.kind = exported.then_some("server"),
        otel.status_code = Empty,
        http.request.method = %method,
        http.route = route,
        http.response.status_code = Empty,
        url.path = Empty,
        request_id = %cx.request_id(),
        trace_id = Empty,
        tenant_id = Empty,
        user_id = Empty,
    );
    if span.is_disabled() {
        return span;
    }
    // A path holds ids, and its route tells enough, unless there is none.
    if route.is_none() {
        let path = request.uri().path();
        let cut = path
            .char_indices()
            .nth(PATH_CHARACTERS)
            .map_or(path.len(), |(at, _)| at);
        span.record("url.path", &path[..cut]);
    }
    span
}

const PATH_CHARACTERS: usize = 200;

/// Writes into the request's span which trace it belongs to.
pub(super) fn record_trace(span: &Span, trace: TraceContext) {
    if !span.is_disabled() {
        let id = format_args!("{:032x}", trace.trace_id());
        span.record("trace_id", display(id));
    }
}

/// Writes into the request's span how it was answered, for those who see spans alone.
pub(super) fn record_status(span: &Span, status: StatusCode) {
    if telemetry::is_exported() {
        span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            span.record("otel.status_code", "ERROR");
        }
    }
}

/// Writes into the request's span who calls, and for which tenant, once that is known.
pub(in crate::http) fn record_identity(cx: &RequestContext) {
    let span = Span::current();
    if span.is_disabled() {
        return;
    }
    if let Some(tenant) = cx.tenant() {
        span.record("tenant_id", display(tenant));
    }
    if let Some(principal) = cx.principal() {
        span.record("user_id", principal.subject());
    }
}

/// The one line of a request; the rest is in its span.
pub(super) fn access(access: Access, status: StatusCode, duration: Duration) {
    let status = status.as_u16();
    let duration_ms = duration.as_secs_f64() * 1_000.0;
    match access {
        Access::Routes => info!(target: "goplt::access", status, duration_ms, "request"),
        Access::Probes => debug!(target: "goplt::access", status, duration_ms, "request"),
    }
}

/// Tells the cause of a problem, once: ours as errors, callers' for whoever looks closely.
pub(super) fn problem(problem: &Problem) {
    let status = problem.status().as_u16();
    let code = problem.reason();
    match (problem.status().is_server_error(), problem.source()) {
        (true, Some(cause)) => error!(status, code, cause = %chain(cause), "request failed"),
        // Refused on purpose, as under load.
        (true, None) => warn!(status, code, "request failed"),
        (false, Some(cause)) => debug!(status, code, cause = %chain(cause), "request refused"),
        (false, None) => debug!(status, code, "request refused"),
    }
}
