//! The future of a guarded call.

use std::{
    any::Any,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};
use tracing::Span;

use super::{MethodMeta, RpcError};
use crate::{Code, error::Panicked, telemetry::metrics::CallTimer};

pin_project! {
    /// A call under deadline, span and panic fence: see [`LocalCall::run`](super::LocalCall::run).
    #[must_use = "futures do nothing unless polled"]
    pub struct Run<'g, F> {
        #[pin]
        call: F,
        // Made at the first `Pending`: most local calls never need one.
        timer: Option<Pin<Box<Sleep>>>,
        deadline: Option<Instant>,
        span: Span,
        contract: &'static str,
        method: &'static MethodMeta,
        metrics: CallTimer<'g>,
    }
}

impl<'g, F> Run<'g, F> {
    pub(super) const fn new(
        call: F,
        deadline: Option<Instant>,
        span: Span,
        contract: &'static str,
        method: &'static MethodMeta,
        metrics: CallTimer<'g>,
    ) -> Self {
        Self {
            call,
            timer: None,
            deadline,
            span,
            contract,
            method,
            metrics,
        }
    }
}

impl<F, T> Future for Run<'_, F>
where
    F: Future<Output = Result<T, RpcError>>,
{
    type Output = Result<T, RpcError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _entered = this.span.enter();
        // The callee is dropped after a panic, so nobody sees its broken state.
        let polled = catch_unwind(AssertUnwindSafe(|| this.call.poll(cx)));
        let result = match polled {
            Ok(Poll::Ready(result)) => result,
            Ok(Poll::Pending) => {
                let Some(deadline) = *this.deadline else {
                    return Poll::Pending;
                };
                let timer = this
                    .timer
                    .get_or_insert_with(|| Box::pin(sleep_until(deadline)));
                ready!(timer.as_mut().poll(cx));
                Err(RpcError::new(
                    Code::DeadlineExceeded,
                    "the call took too long",
                ))
            }
            Err(panic) => Err(panicked(this.contract, this.method, &*panic)),
        };
        if let Err(error) = &result {
            this.span.record("error.type", error.code().as_str());
            this.span.record("otel.status_code", "ERROR");
        }
        this.metrics
            .end(result.as_ref().err().map_or(Code::Ok, RpcError::code));
        Poll::Ready(result)
    }
}

#[cold]
fn panicked(contract: &str, method: &MethodMeta, panic: &(dyn Any + Send)) -> RpcError {
    let place = format!("{contract}/{}", method.name);
    RpcError::internal(Panicked::within(&place, panic))
}

impl<F> fmt::Debug for Run<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run")
            .field("method", &self.method.name)
            .finish_non_exhaustive()
    }
}
