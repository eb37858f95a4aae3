//! [`RequestContext`]: what is known of a request, wherever it is handled.

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::{
    Authorizer, Code, Permission, Principal, RequestId, TenantId,
    contract::RpcError,
    data::{NoTenant, TenantScope},
    telemetry::TraceContext,
};

/// One type for HTTP, gRPC, events and jobs: request id, principal, tenant, deadline,
/// trace and cancellation.
///
/// The layers insert one into a request's extensions and fill it on the way in. The
/// tenant is its [`TenantScope`], which only a [`ScopeMint`](crate::data::ScopeMint)
/// makes: no code can name another tenant than the one that was resolved. A clone
/// costs a reference count.
///
/// # Examples
///
/// ```
/// use goplt_core::{Principal, RequestContext};
///
/// let cx = RequestContext::new("req-1".parse()?).with_principal(Principal::user("ada"));
/// assert_eq!(cx.principal().unwrap().subject(), "ada");
/// assert!(cx.scope().is_err(), "no tenant has been resolved");
/// # Ok::<_, goplt_core::id::IdError>(())
/// ```
#[derive(Debug, Clone)]
pub struct RequestContext {
    // Beside the `Arc`: calls shrink it without copying the rest.
    deadline: Option<Instant>,
    inner: Arc<Inner>,
}

#[derive(Debug, Clone)]
struct Inner {
    request_id: RequestId,
    principal: Option<Principal>,
    scope: Option<TenantScope>,
    trace: TraceContext,
    client: ClientInfo,
    cancelled: CancellationToken,
}

/// Where a request came from, as far as the edge can tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientInfo {
    /// The address of the peer.
    pub ip: Option<IpAddr>,
    /// The `user-agent` header, cut to 256 bytes.
    pub user_agent: Option<Arc<str>>,
}

impl RequestContext {
    /// Of an anonymous request without tenant and deadline.
    #[must_use]
    pub fn new(request_id: RequestId) -> Self {
        let inner = Inner {
            request_id,
            principal: None,
            scope: None,
            trace: TraceContext::default(),
            client: ClientInfo::default(),
            cancelled: CancellationToken::new(),
        };
        Self {
            deadline: None,
            inner: Arc::new(inner),
        }
    }

    /// The caller, once verified.
    #[must_use]
    pub fn with_principal(mut self, principal: Principal) -> Self {
        Arc::make_mut(&mut self.inner).principal = Some(principal);
        self
    }

    /// As [`with_principal`](Self::with_principal), in place: a layer need not take the context
    /// out of a request's extensions, and nothing is copied while there is no clone of it.
    pub fn set_principal(&mut self, principal: Principal) {
        Arc::make_mut(&mut self.inner).principal = Some(principal);
    }

    /// Makes the request anonymous again, in place.
    pub fn clear_principal(&mut self) {
        Arc::make_mut(&mut self.inner).principal = None;
    }

    /// The tenant, once resolved.
    #[must_use]
    pub fn with_scope(mut self, scope: TenantScope) -> Self {
        self.set_scope(scope);
        self
    }

    pub(crate) fn set_scope(&mut self, scope: TenantScope) {
        Arc::make_mut(&mut self.inner).scope = Some(scope);
    }

    /// The trace that this request belongs to.
    #[must_use]
    pub fn with_trace(mut self, trace: TraceContext) -> Self {
        Arc::make_mut(&mut self.inner).trace = trace;
        self
    }

    /// Where the request came from.
    #[must_use]
    pub fn with_client(mut self, client: ClientInfo) -> Self {
        Arc::make_mut(&mut self.inner).client = client;
        self
    }

    /// No later than `deadline`: the earlier of it and the present one holds.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Instant) -> Self {
        self.deadline = Some(
            self.deadline
                .map_or(deadline, |present| present.min(deadline)),
        );
        self
    }

    /// No longer than `timeout` from now.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        match Instant::now().checked_add(timeout) {
            Some(deadline) => self.with_deadline(deadline),
            None => self,
        }
    }

    /// The id that logs, answers and audit entries carry.
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        &self.inner.request_id
    }

    /// The verified caller; `None` for an anonymous request.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        self.inner.principal.as_ref()
    }

    /// The verified caller, required.
    ///
    /// # Errors
    ///
    /// [`Code::Unauthenticated`] for an anonymous request.
    pub fn require_principal(&self) -> Result<&Principal, RpcError> {
        self.principal()
            .ok_or_else(|| RpcError::new(Code::Unauthenticated, Code::Unauthenticated.title()))
    }

    /// Whether the caller may do what `permission` names in the tenant of this request: for
    /// handlers that decide themselves.
    ///
    /// # Errors
    ///
    /// [`Code::Unauthenticated`], [`NoTenant`], or [`Code::PermissionDenied`] that names the
    /// permission.
    pub fn authorize(
        &self,
        authorizer: &dyn Authorizer,
        permission: &Permission,
    ) -> Result<(), RpcError> {
        let principal = self.require_principal()?;
        let tenant = self.scope()?.tenant();
        if authorizer
            .authorize(principal, tenant, permission)
            .is_allowed()
        {
            return Ok(());
        }
        let message = format!("the permission `{permission}` is missing");
        Err(RpcError::new(Code::PermissionDenied, message))
    }

    /// What opens transactions on this tenant's data.
    ///
    /// # Errors
    ///
    /// [`NoTenant`] if the request named none.
    pub fn scope(&self) -> Result<&TenantScope, NoTenant> {
        self.inner.scope.as_ref().ok_or(NoTenant)
    }

    /// The tenant, if one was resolved.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantId> {
        self.inner.scope.as_ref().map(TenantScope::tenant)
    }

    /// The trace that this request belongs to.
    #[must_use]
    pub fn trace(&self) -> TraceContext {
        self.inner.trace
    }

    /// Where the request came from.
    #[must_use]
    pub fn client(&self) -> &ClientInfo {
        &self.inner.client
    }

    /// When the answer is of no more use.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// The time left, zero when it is over; `None` without a deadline.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Tells everyone who holds a clone that the answer is no longer wanted.
    pub fn cancel(&self) {
        self.inner.cancelled.cancel();
    }

    /// Whether the answer is no longer wanted.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.inner.cancelled.is_cancelled()
    }

    /// Completes when the answer is no longer wanted.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped and made again at any time.
    pub async fn cancelled(&self) {
        self.inner.cancelled.cancelled().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context() -> RequestContext {
        RequestContext::new("r".parse().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_deadline_only_shrinks() {
        let cx = context().with_timeout(Duration::from_secs(2));
        assert_eq!(
            cx.clone().with_timeout(Duration::from_secs(9)).remaining(),
            cx.remaining()
        );
        let shorter = cx.with_timeout(Duration::from_secs(1));
        assert_eq!(shorter.remaining(), Some(Duration::from_secs(1)));
        tokio::time::advance(Duration::from_secs(5)).await;
        assert_eq!(shorter.remaining(), Some(Duration::ZERO));
    }

    #[tokio::test]
    async fn cancelling_reaches_every_clone() {
        let cx = context();
        let clone = cx.clone().with_principal(Principal::user("ada"));
        cx.cancel();
        clone.cancelled().await;
        assert!(clone.is_cancelled());
    }
}
