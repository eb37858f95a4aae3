//! [`EnvelopeHandler`]: functions that handle events without knowing their payload.

use std::sync::Arc;

use futures_core::future::BoxFuture;

use super::{
    EventContext, EventPolicy, HandlerResult,
    handler::{AnyHandler, Registered},
};
use crate::{BoxError, data::TenantTx};

/// A function or method `async fn(&S, &EventContext, &mut TenantTx) -> Result<(), impl Into<BoxError>>`: an
/// [`EventHandler`](super::EventHandler) for events of any name, which finds what it needs in
/// [`EventContext::envelope`].
///
/// Implemented for functions; not to be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle events of any name",
    note = "write `async fn(&self, cx: &EventContext, tx: &mut TenantTx) -> Result<(), BoxError>`"
)]
pub trait EnvelopeHandler<'a, S>: Send + Sync + 'static {
    /// What the function returns.
    type Future: Future<Output: HandlerResult> + Send + 'a;

    /// Calls the function.
    fn call(&self, service: &'a S, cx: &'a EventContext, tx: &'a mut TenantTx) -> Self::Future;
}

struct Erased<S, H> {
    service: Arc<S>,
    handler: H,
}

impl<'a, S, F, Fut> EnvelopeHandler<'a, S> for F
where
    S: 'a,
    F: Fn(&'a S, &'a EventContext, &'a mut TenantTx) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: HandlerResult> + Send + 'a,
{
    type Future = Fut;

    fn call(&self, service: &'a S, cx: &'a EventContext, tx: &'a mut TenantTx) -> Self::Future {
        self(service, cx, tx)
    }
}

impl<S, H> AnyHandler for Erased<S, H>
where
    S: Send + Sync + 'static,
    H: for<'a> EnvelopeHandler<'a, S>,
{
    fn call<'a>(
        &'a self,
        cx: &'a EventContext,
        tx: &'a mut TenantTx,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { self.handler.call(&self.service, cx, tx).await.boxed() })
    }
}

impl Registered {
    /// A handler that is given envelopes alone.
    pub(super) fn of_envelopes<S, H>(service: Arc<S>, handler: H, policy: EventPolicy) -> Self
    where
        S: Send + Sync + 'static,
        H: for<'a> EnvelopeHandler<'a, S>,
    {
        Self {
            handler: Arc::new(Erased { service, handler }),
            policy,
        }
    }
}
