//! The innermost layer: requests of known callers are written down for the audit log.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    extract::{MatchedPath, Request},
    response::Response,
};
use goplt_core::{
    RequestContext,
    audit::{AnsweredRequest, RequestRecorder},
};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// Hands every request of an authenticated caller to the recorder once it is answered, or given
/// up. It stands within auth and tenant, so what these refuse is not recorded: they know no caller.
#[derive(Debug, Clone)]
pub(super) struct RecordLayer {
    pub(super) recorder: RequestRecorder,
}

#[derive(Debug, Clone)]
pub(super) struct Record<S> {
    inner: S,
    recorder: RequestRecorder,
}

pin_project! {
    pub(super) struct ResponseFuture<F> {
        #[pin]
        future: F,
        pending: Pending,
    }
}

/// What is to be recorded; also if the future is dropped.
struct Pending {
    recorder: RequestRecorder,
    request: Option<AnsweredRequest>,
}

impl<S> Layer<S> for RecordLayer {
    type Service = Record<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Record {
            inner,
            recorder: self.recorder.clone(),
        }
    }
}

impl<S: Service<Request, Response = Response>> Service<Request> for Record<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let pending = Pending {
            request: self.wanted(&request),
            recorder: self.recorder.clone(),
        };
        ResponseFuture {
            future: self.inner.call(request),
            pending,
        }
    }
}

impl<S> Record<S> {
    fn wanted(&self, request: &Request) -> Option<AnsweredRequest> {
        if !self.recorder.wants(request.method()) {
            return None;
        }
        let cx = request.extensions().get::<RequestContext>()?;
        cx.principal()?;
        let route = request.extensions().get::<MatchedPath>();
        let route = route.map(|route| Arc::from(route.as_str()));
        let (method, uri) = (request.method().clone(), request.uri().clone());
        Some(AnsweredRequest::new(cx.clone(), method, route, uri))
    }
}

impl<F: Future<Output = Result<Response, E>>, E> Future for ResponseFuture<F> {
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = ready!(this.future.poll(task))?;
        if let Some(request) = &mut this.pending.request {
            request.status = Some(response.status());
        }
        this.pending.record();
        Poll::Ready(Ok(response))
    }
}

impl Pending {
    fn record(&mut self) {
        if let Some(request) = self.request.take() {
            self.recorder.record(request);
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.record();
    }
}
