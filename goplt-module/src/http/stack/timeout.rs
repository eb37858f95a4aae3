use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use goplt_core::{Code, Problem, RequestContext};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tower_layer::Layer;
use tower_service::Service;

/// Gives a request its deadline, and answers 504 when it is over.
///
/// The handler is dropped then, and its context cancelled. A body that streams may take longer.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeoutLayer {
    pub(super) timeout: Duration,
}

#[derive(Debug, Clone)]
pub(super) struct Timeout<S> {
    inner: S,
    timeout: Duration,
}

pin_project! {
    pub(super) struct ResponseFuture<F> {
        #[pin]
        future: F,
        // It takes its place among the timers at the first `Pending`.
        #[pin]
        over: Sleep,
        cx: Option<RequestContext>,
    }
}

impl<S> Layer<S> for TimeoutLayer {
    type Service = Timeout<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Timeout {
            inner,
            timeout: self.timeout,
        }
    }
}

impl<S: Service<Request, Response = Response>> Service<Request> for Timeout<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let over = sleep_until(Instant::now() + self.timeout);
        let cx = request
            .extensions_mut()
            .get_mut::<RequestContext>()
            .map(|cx| {
                *cx = cx.clone().with_deadline(over.deadline());
                cx.clone()
            });
        ResponseFuture {
            future: self.inner.call(request),
            over,
            cx,
        }
    }
}

impl<F: Future<Output = Result<Response, E>>, E> Future for ResponseFuture<F> {
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(answer) = this.future.poll(task) {
            return Poll::Ready(answer);
        }
        std::task::ready!(this.over.poll(task));
        if let Some(cx) = this.cx {
            cx.cancel();
        }
        Poll::Ready(Ok(Problem::new(Code::DeadlineExceeded).into_response()))
    }
}
