use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use axum::response::Response;
use pin_project_lite::pin_project;

pin_project! {
    /// The inner service's answer, or one that was ready at once.
    #[project = StateProj]
    pub(super) enum ResponseFuture<F> {
        Inner { #[pin] future: F },
        Ready { response: Option<Box<Response>> },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn inner(future: F) -> Self {
        Self::Inner { future }
    }

    pub(super) fn ready(response: Response) -> Self {
        // Boxed, so that the rare refusal does not make every future larger.
        Self::Ready {
            response: Some(Box::new(response)),
        }
    }
}

impl<F: Future<Output = Result<Response, E>>, E> Future for ResponseFuture<F> {
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            StateProj::Inner { future } => future.poll(cx),
            StateProj::Ready { response } => {
                let response = response.take().expect("polled after it was ready");
                Poll::Ready(Ok(*response))
            }
        }
    }
}
