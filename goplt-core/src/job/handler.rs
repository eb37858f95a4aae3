//! [`JobHandler`]: the functions that run jobs.

use std::{fmt, sync::Arc};

use futures_core::future::BoxFuture;

use super::{JobContext, JobKey, JobPolicy};
use crate::{BoxError, event::HandlerResult};

/// A function or method `async fn(&S, &JobContext) -> Result<(), impl Into<BoxError>>`.
///
/// It opens its own transactions, and may be called again for a job that did not end. Implemented
/// for functions; not to be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not run jobs",
    note = "write `async fn(&self, cx: &JobContext) -> Result<(), BoxError>`"
)]
pub trait JobHandler<'a, S>: Send + Sync + 'static {
    /// What the function returns.
    type Future: Future<Output: HandlerResult> + Send + 'a;

    /// Calls the function.
    fn call(&self, service: &'a S, cx: &'a JobContext) -> Self::Future;
}

/// A handler without the type of its service.
pub(super) trait AnyHandler: Send + Sync {
    fn call<'a>(&'a self, cx: &'a JobContext) -> BoxFuture<'a, Result<(), BoxError>>;
}

/// A job with its handler.
#[derive(Clone)]
pub(super) struct Registered {
    pub(super) key: JobKey,
    pub(super) policy: JobPolicy,
    pub(super) handler: Arc<dyn AnyHandler>,
}

struct Erased<S, H> {
    service: Arc<S>,
    handler: H,
}

impl<'a, S, F, Fut> JobHandler<'a, S> for F
where
    S: 'a,
    F: Fn(&'a S, &'a JobContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: HandlerResult> + Send + 'a,
{
    type Future = Fut;

    fn call(&self, service: &'a S, cx: &'a JobContext) -> Self::Future {
        self(service, cx)
    }
}

impl<S, H> AnyHandler for Erased<S, H>
where
    S: Send + Sync + 'static,
    H: for<'a> JobHandler<'a, S>,
{
    fn call<'a>(&'a self, cx: &'a JobContext) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { self.handler.call(&self.service, cx).await.boxed() })
    }
}

impl Registered {
    pub(super) fn new<S, H>(key: JobKey, policy: JobPolicy, service: Arc<S>, handler: H) -> Self
    where
        S: Send + Sync + 'static,
        H: for<'a> JobHandler<'a, S>,
    {
        Self {
            key,
            policy,
            handler: Arc::new(Erased { service, handler }),
        }
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
