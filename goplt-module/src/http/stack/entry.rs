//! The outermost layer: a request gets its context, span and id; its answer the id and the last
//! form of its problem.

use std::{
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    body::Body,
    extract::{ConnectInfo, MatchedPath, Request},
    response::Response,
};
use goplt_core::{
    Code, Problem, Random, RequestContext,
    edge::X_REQUEST_ID,
    id::Ids,
    problem::{PROBLEM_JSON, is_grpc},
    report::Reporter,
    telemetry::{Metrics, continue_trace},
};
use http::{HeaderValue, Method, StatusCode, header};
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;
use tracing::Span;

use super::{cancel, drain, failed, log};

#[derive(Debug, Clone)]
pub(super) struct EntryLayer {
    pub(super) ids: Ids,
    pub(super) random: Random,
    pub(super) metrics: Metrics,
    pub(super) reporter: Reporter,
    pub(super) access: log::Access,
}

#[derive(Debug, Clone)]
pub(super) struct Entry<S> {
    inner: S,
    // Shared: axum clones the service for each request.
    layer: Arc<EntryLayer>,
}

pin_project! {
    pub(super) struct ResponseFuture<F> {
        #[pin]
        future: F,
        record: Record,
    }
}

/// What is known of a request while it is answered, and told when it is over.
struct Record {
    cx: RequestContext,
    span: Span,
    method: Method,
    route: Option<MatchedPath>,
    metrics: Metrics,
    reporter: Reporter,
    started: Instant,
    access: log::Access,
    is_told: bool,
}

impl<S> Layer<S> for EntryLayer {
    type Service = Entry<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Entry {
            inner,
            layer: Arc::new(self.clone()),
        }
    }
}

impl<S: Service<Request, Response = Response>> Service<Request> for Entry<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let record = self.layer.record(&request);
        let mut request = drain::when_dropped(request);
        request.extensions_mut().insert(record.cx.clone());
        let future = record.span.in_scope(|| self.inner.call(request));
        ResponseFuture { future, record }
    }
}

impl EntryLayer {
    fn record(&self, request: &Request) -> Record {
        let cx = self.context(request);
        let route = request.extensions().get::<MatchedPath>().cloned();
        let span = log::request_span(request, &cx, route.as_ref().map(MatchedPath::as_str));
        let trace = continue_trace(&span, cx.trace(), &self.random);
        log::record_trace(&span, trace);
        let cx = cx.with_trace(trace);
        Record {
            cx,
            span,
            method: request.method().clone(),
            route,
            metrics: self.metrics.clone(),
            reporter: self.reporter.clone(),
            started: Instant::now(),
            access: self.access,
            is_told: false,
        }
    }

    fn context(&self, request: &Request) -> RequestContext {
        let cx = RequestContext::from_headers(request.headers(), &self.ids);
        let mut client = cx.client().clone();
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
        client.ip = peer.map(|ConnectInfo(address)| address.ip().to_canonical());
        cx.with_client(client)
    }
}

impl<F: Future<Output = Result<Response, E>>, E> Future for ResponseFuture<F> {
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let span = this.record.span.clone();
        let _entered = span.enter();
        let mut response = ready!(this.future.poll(cx))?;
        finish(&mut response, this.record);
        Poll::Ready(Ok(cancel::when_body_dropped(response, &this.record.cx)))
    }
}

fn finish(response: &mut Response, record: &mut Record) {
    if let Some(problem) = response.extensions().get::<Problem>().cloned() {
        log::problem(&problem);
        if problem.status().is_server_error() {
            record.metrics.error(problem.code().as_str());
        }
        write_problem(response, &problem, &record.cx);
    }
    if response.status().is_server_error() {
        record.report(response);
    }
    // INVARIANT: a request id is made of letters, digits, `-`, `_` and `.`.
    let id = HeaderValue::from_str(record.cx.request_id().as_str());
    response
        .headers_mut()
        .insert(X_REQUEST_ID, id.expect("a request id is visible ASCII"));
    record.told(response.status());
}

/// The body again, now with the request id. Headers that inner layers added stay.
fn write_problem(response: &mut Response, problem: &Problem, cx: &RequestContext) {
    if is_grpc(response.headers()) {
        return;
    }
    *response.status_mut() = problem.status();
    *response.body_mut() = Body::from(problem.to_json(Some(cx.request_id())));
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::CONTENT_ENCODING);
    headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
}

// === impl Record ===

impl Record {
    fn report(&self, response: &Response) {
        // A probe that answers 503 does what it is there for.
        if self.access == log::Access::Probes && response.extensions().get::<Problem>().is_none() {
            return;
        }
        let report = || failed::report(response, &self.cx, &self.method, self.route.as_ref());
        self.reporter.report_with(report);
    }

    fn told(&mut self, status: StatusCode) {
        self.is_told = true;
        let took = self.started.elapsed();
        let route = self.route.as_ref().map_or("", MatchedPath::as_str);
        self.metrics.http_request(&self.method, route, status, took);
        log::access(self.access, status, took);
        log::record_status(&self.span, status);
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.is_told {
            return;
        }
        // The connection has gone, or the server has given up on it.
        self.cx.cancel();
        let span = self.span.clone();
        span.in_scope(|| self.told(Code::Cancelled.http_status()));
    }
}
