use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use goplt_core::{Code, Problem};
use pin_project_lite::pin_project;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_layer::Layer;
use tower_service::Service;

/// Answers 503 at once when as many requests are in work as may be: who waits in line behind an
/// overloaded server makes it worse.
#[derive(Debug, Clone)]
pub(super) struct LoadShedLayer {
    free: Arc<Semaphore>,
}

#[derive(Debug, Clone)]
pub(super) struct LoadShed<S> {
    inner: S,
    free: Arc<Semaphore>,
}

pin_project! {
    #[project = StateProj]
    pub(super) enum ResponseFuture<F> {
        Admitted {
            #[pin]
            future: F,
            // Given back when the answer's head is ready, or the caller has gone.
            permit: OwnedSemaphorePermit,
        },
        Shed,
    }
}

impl LoadShedLayer {
    /// For at most `max_in_flight` requests, over all clones.
    pub(super) fn new(max_in_flight: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(max_in_flight.min(Semaphore::MAX_PERMITS))),
        }
    }
}

impl<S> Layer<S> for LoadShedLayer {
    type Service = LoadShed<S>;

    fn layer(&self, inner: S) -> Self::Service {
        LoadShed {
            inner,
            free: Arc::clone(&self.free),
        }
    }
}

impl<S: Service<Request, Response = Response>> Service<Request> for LoadShed<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match Arc::clone(&self.free).try_acquire_owned() {
            Ok(permit) => ResponseFuture::Admitted {
                future: self.inner.call(request),
                permit,
            },
            Err(_) => ResponseFuture::Shed,
        }
    }
}

impl<F: Future<Output = Result<Response, E>>, E> Future for ResponseFuture<F> {
    type Output = Result<Response, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.as_mut().project() {
            StateProj::Admitted { future, .. } => {
                let answer = ready!(future.poll(cx));
                self.set(Self::Shed);
                Poll::Ready(answer)
            }
            StateProj::Shed => Poll::Ready(Ok(overloaded().into_response())),
        }
    }
}

fn overloaded() -> Problem {
    Problem::new(Code::Unavailable)
        .with_reason("overloaded")
        .with_title("Too many requests are in work")
        .with_retry_after(1)
}
