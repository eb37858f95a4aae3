//! [`EventHandler`]: the functions that handle events.

use std::{fmt, marker::PhantomData, sync::Arc};

use futures_core::future::BoxFuture;

use super::{Event, EventContext, EventPolicy, Permanent};
use crate::{BoxError, data::TenantTx};

/// A function or method `async fn(&S, &EventContext, &mut TenantTx, E) -> Result<(), impl Into<BoxError>>`.
///
/// The transaction opens at its first statement, and is committed when the handler returns `Ok`,
/// together with the note that the event was handled. The handler may be called again for an
/// event whose transaction did not commit.
///
/// Implemented for functions; not to be implemented by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not handle `{E}`",
    note = "write `async fn(&self, cx: &EventContext, tx: &mut TenantTx, event: {E}) -> Result<(), BoxError>`"
)]
pub trait EventHandler<'a, S, E>: Send + Sync + 'static {
    /// What the function returns.
    type Future: Future<Output: HandlerResult> + Send + 'a;

    /// Calls the function.
    fn call(
        &self,
        service: &'a S,
        cx: &'a EventContext,
        tx: &'a mut TenantTx,
        event: E,
    ) -> Self::Future;
}

/// What a handler may return: `Result<(), E>` with any error that fits into a [`BoxError`].
pub trait HandlerResult: Send {
    /// With the error boxed.
    ///
    /// # Errors
    ///
    /// The handler's own.
    fn boxed(self) -> Result<(), BoxError>;
}

/// A handler without the types of its service and event.
pub(super) trait AnyHandler: Send + Sync {
    fn call<'a>(
        &'a self,
        cx: &'a EventContext,
        tx: &'a mut TenantTx,
    ) -> BoxFuture<'a, Result<(), BoxError>>;
}

/// A handler and how patient to be with it.
#[derive(Clone)]
pub(super) struct Registered {
    pub(super) handler: Arc<dyn AnyHandler>,
    pub(super) policy: EventPolicy,
}

struct Erased<S, E, H> {
    service: Arc<S>,
    handler: H,
    event: PhantomData<fn() -> E>,
}

impl<'a, S, E, F, Fut> EventHandler<'a, S, E> for F
where
    S: 'a,
    F: Fn(&'a S, &'a EventContext, &'a mut TenantTx, E) -> Fut + Send + Sync + 'static,
    Fut: Future<Output: HandlerResult> + Send + 'a,
{
    type Future = Fut;

    fn call(
        &self,
        service: &'a S,
        cx: &'a EventContext,
        tx: &'a mut TenantTx,
        event: E,
    ) -> Self::Future {
        self(service, cx, tx, event)
    }
}

impl<E: Into<BoxError> + Send> HandlerResult for Result<(), E> {
    fn boxed(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}

impl<S, E, H> AnyHandler for Erased<S, E, H>
where
    S: Send + Sync + 'static,
    E: Event,
    H: for<'a> EventHandler<'a, S, E>,
{
    fn call<'a>(
        &'a self,
        cx: &'a EventContext,
        tx: &'a mut TenantTx,
    ) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            let event = E::decode(cx.envelope().payload()).map_err(Permanent::new)?;
            self.handler
                .call(&self.service, cx, tx, event)
                .await
                .boxed()
        })
    }
}

impl Registered {
    pub(super) fn new<S, E, H>(service: Arc<S>, handler: H, policy: EventPolicy) -> Self
    where
        S: Send + Sync + 'static,
        E: Event,
        H: for<'a> EventHandler<'a, S, E>,
    {
        let handler = Arc::new(Erased {
            service,
            handler,
            event: PhantomData::<fn() -> E>,
        });
        Self { handler, policy }
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
