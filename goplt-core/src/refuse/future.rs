//! The future: of the inner service, or a ready refusal.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, Response};
use pin_project_lite::pin_project;

use super::MaybeRefused;
use crate::{Problem, RequestContext};

pin_project! {
    /// The inner service's answer, or a refusal that is ready at once.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    #[derive(Debug)]
    enum State<F> {
        Served { #[pin] call: F },
        Refused { answer: Option<Response<Bytes>> },
    }
}

impl<F> ResponseFuture<F> {
    /// The inner service was called.
    pub const fn served(call: F) -> Self {
        Self {
            state: State::Served { call },
        }
    }

    /// The inner service is not called: the caller of `request` gets `problem`, in the protocol
    /// that it speaks and with its request id.
    pub fn refused<B>(request: &Request<B>, problem: &Problem) -> Self {
        let cx = request.extensions().get::<RequestContext>();
        let id = cx.map(RequestContext::request_id);
        let answer = Some(problem.to_response_for(request.headers(), id));
        Self {
            state: State::Refused { answer },
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<MaybeRefused<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Served { call } => {
                let answer = ready!(call.poll(cx))?;
                Poll::Ready(Ok(answer.map(MaybeRefused::served)))
            }
            StateProjection::Refused { answer } => {
                let answer = answer
                    .take()
                    .expect("a future is not polled after it is ready");
                Poll::Ready(Ok(answer.map(MaybeRefused::refused)))
            }
        }
    }
}
