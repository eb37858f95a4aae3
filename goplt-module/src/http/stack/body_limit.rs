use std::task::{Context, Poll};

use axum::{body::Body, extract::Request, response::Response};
use goplt_core::{Code, Problem, RequestContext};
use http::{HeaderMap, StatusCode, header::CONTENT_LENGTH};
use http_body::Body as _;
use http_body_util::Limited;
use tower_layer::Layer;
use tower_service::Service;

use super::future::ResponseFuture;

/// Refuses bodies over a limit: by `content-length` before anything is read, else while it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct BodyLimitLayer {
    pub(super) limit: u64,
}

#[derive(Debug, Clone)]
pub(super) struct BodyLimit<S> {
    inner: S,
    limit: u64,
}

impl<S> Layer<S> for BodyLimitLayer {
    type Service = BodyLimit<S>;

    fn layer(&self, inner: S) -> Self::Service {
        BodyLimit {
            inner,
            limit: self.limit,
        }
    }
}

impl<S: Service<Request, Response = Response>> Service<Request> for BodyLimit<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match content_length(request.headers()) {
            Some(length) if length > self.limit => {
                let problem = too_large(Some(self.limit));
                let id = request.extensions().get().map(RequestContext::request_id);
                ResponseFuture::ready(problem.to_response_for(request.headers(), id))
            }
            // hyper holds a body to its declared length.
            Some(_) => ResponseFuture::inner(self.inner.call(request)),
            None if request.body().is_end_stream() => {
                ResponseFuture::inner(self.inner.call(request))
            }
            None => {
                let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
                let request = request.map(|body| Body::new(Limited::new(body, limit)));
                ResponseFuture::inner(self.inner.call(request))
            }
        }
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// 413, with the limit in bytes if it is known.
pub(in crate::http) fn too_large(limit: Option<u64>) -> Problem {
    let problem = Problem::new(Code::ResourceExhausted)
        .with_status(StatusCode::PAYLOAD_TOO_LARGE)
        .with_reason("body_too_large")
        .with_title("The body is too large");
    match limit {
        Some(limit) => problem.with_detail(format!("a body may have {limit} bytes")),
        None => problem,
    }
}
