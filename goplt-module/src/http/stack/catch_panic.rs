use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use goplt_core::{Code, Problem, error::Panicked};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

/// Answers 500 when a handler panics; the message goes to the log alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct CatchPanicLayer;

#[derive(Debug, Clone)]
pub(super) struct CatchPanic<S> {
    inner: S,
}

pin_project! {
    #[project = StateProj]
    pub(super) enum ResponseFuture<F> {
        Running { #[pin] future: F },
        Panicked { response: Option<Response> },
    }
}

impl<S> Layer<S> for CatchPanicLayer {
    type Service = CatchPanic<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CatchPanic { inner }
    }
}

impl<S: Service<Request, Response = Response>> Service<Request> for CatchPanic<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // What a panic leaves half-changed belongs to this request, and is dropped with it.
        match catch_unwind(AssertUnwindSafe(|| self.inner.call(request))) {
            Ok(future) => ResponseFuture::Running { future },
            Err(panic) => ResponseFuture::Panicked {
                response: Some(answer(&*panic)),
            },
        }
    }
}

impl<F: Future<Output = Result<Response, E>>, E> Future for ResponseFuture<F> {
    type Output = Result<Response, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let response = match self.as_mut().project() {
            StateProj::Running { future } => {
                match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
                    Ok(poll) => return poll,
                    Err(panic) => answer(&*panic),
                }
            }
            StateProj::Panicked { response } => response.take().expect("polled after it was ready"),
        };
        // The future must not be polled again.
        self.set(Self::Panicked { response: None });
        Poll::Ready(Ok(response))
    }
}

/// The answer to a request whose handler panicked with this.
#[cold]
pub(in crate::http) fn answer(panic: &(dyn Any + Send)) -> Response {
    Problem::new(Code::Internal)
        .with_source(Panicked::new(panic))
        .into_response()
}
