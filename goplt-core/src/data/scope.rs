//! The type lock: no scope, no query; no mint, no scope.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use goplt_manifest::ModuleName;
use tokio::time::Instant;

use crate::{
    Code, Principal, RequestContext, RequestId, TenantId, context::ClientInfo,
    telemetry::TraceContext,
};

/// The right to read and write one tenant's rows, for one request.
///
/// It carries what a transaction needs of its request: deadline, principal,
/// request id, trace and client. It has no public constructor; it comes from a [`ScopeMint`].
///
/// ```compile_fail
/// let forged = goplt_core::data::TenantScope { tenant: "acme".parse().unwrap() };
/// ```
#[derive(Clone)]
pub struct TenantScope {
    inner: Arc<Inner>,
}

struct Inner {
    mint: u64,
    tenant: TenantId,
    deadline: Option<Instant>,
    principal: Option<Principal>,
    request_id: RequestId,
    trace: TraceContext,
    client: ClientInfo,
    open_writes: AtomicU32,
}

/// The right to read and write a module's declared tables across tenants.
///
/// The host gives it to modules whose manifest declares `host: { reason, tables }`.
#[derive(Clone)]
pub struct HostScope {
    mint: u64,
    module: ModuleName,
    reason: Arc<str>,
    request: Option<RequestContext>,
}

/// Makes scopes. Whoever holds it can enter any tenant: modules never get one.
///
/// `new()` is public and worthless alone: a database opened with one mint refuses the
/// scopes of another. Clones are the same mint.
///
/// # Examples
///
/// ```
/// use goplt_core::{RequestContext, data::ScopeMint};
///
/// let mint = ScopeMint::new();
/// let cx = mint.enter(RequestContext::new("req-1".parse()?), "acme".parse()?).unwrap();
/// assert_eq!(cx.tenant().unwrap().as_str(), "acme");
/// # Ok::<_, goplt_core::id::IdError>(())
/// ```
#[derive(Clone)]
pub struct ScopeMint {
    id: u64,
}

/// The request names no tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request names no tenant; credentials do, or the header `X-Tenant-ID` without any")]
pub struct NoTenant;

/// The principal belongs to another tenant than the one asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the credentials are of another tenant")]
pub struct TenantMismatch;

impl NoTenant {
    /// [`Code::InvalidArgument`].
    #[must_use]
    pub const fn code(self) -> Code {
        Code::InvalidArgument
    }
}

impl TenantMismatch {
    /// [`Code::PermissionDenied`].
    #[must_use]
    pub const fn code(self) -> Code {
        Code::PermissionDenied
    }
}

// === impl ScopeMint ===

impl ScopeMint {
    /// A mint unlike every other in this process.
    #[must_use]
    #[expect(
        clippy::new_without_default,
        reason = "a mint is never made by accident"
    )]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// `cx` within `tenant`.
    ///
    /// # Errors
    ///
    /// [`TenantMismatch`] if the principal's credentials claim another tenant, or if somebody else
    /// than a service enters [the platform's log](TenantId::platform).
    pub fn enter(
        &self,
        mut cx: RequestContext,
        tenant: TenantId,
    ) -> Result<RequestContext, TenantMismatch> {
        self.enter_in_place(&mut cx, tenant)?;
        Ok(cx)
    }

    /// As [`enter`](Self::enter), in place: a layer need not take the context out of a request's
    /// extensions.
    ///
    /// # Errors
    ///
    /// As [`enter`](Self::enter); the context is then as it was.
    pub fn enter_in_place(
        &self,
        cx: &mut RequestContext,
        tenant: TenantId,
    ) -> Result<(), TenantMismatch> {
        let claim = cx.principal().and_then(Principal::tenant);
        if claim.is_some_and(|claim| *claim != tenant) {
            return Err(TenantMismatch);
        }
        let is_service = cx.principal().is_some_and(|caller| !caller.is_user());
        if tenant.is_platform() && !is_service {
            return Err(TenantMismatch);
        }
        let inner = Inner {
            mint: self.id,
            tenant,
            deadline: cx.deadline(),
            principal: cx.principal().cloned(),
            request_id: cx.request_id().clone(),
            trace: cx.trace(),
            client: cx.client().clone(),
            open_writes: AtomicU32::new(0),
        };
        cx.set_scope(TenantScope {
            inner: Arc::new(inner),
        });
        Ok(())
    }

    /// A scope across tenants, for a module that declared why.
    #[must_use]
    pub fn host_scope(&self, module: ModuleName, reason: &str) -> HostScope {
        HostScope {
            mint: self.id,
            module,
            reason: reason.into(),
            request: None,
        }
    }

    /// What a database remembers of the mint it was opened with.
    #[doc(hidden)]
    #[must_use]
    pub const fn id(&self) -> u64 {
        self.id
    }
}

impl fmt::Debug for ScopeMint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ScopeMint")
    }
}

// === impl TenantScope ===

impl TenantScope {
    /// Whose rows they are.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.inner.tenant
    }

    /// When the request's answer is of no more use.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.inner.deadline
    }

    /// Who acts.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        self.inner.principal.as_ref()
    }

    /// In which request.
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        &self.inner.request_id
    }

    /// In which trace.
    #[must_use]
    pub fn trace(&self) -> TraceContext {
        self.inner.trace
    }

    /// From where, as far as the edge can tell.
    #[must_use]
    pub fn client(&self) -> &ClientInfo {
        &self.inner.client
    }

    /// Whether a write transaction of this request is open now.
    #[must_use]
    pub fn has_open_write(&self) -> bool {
        self.inner.open_writes.load(Ordering::Relaxed) > 0
    }

    #[cfg_attr(
        not(feature = "data"),
        expect(dead_code, reason = "asked by TenantDb alone")
    )]
    pub(crate) fn mint(&self) -> u64 {
        self.inner.mint
    }

    #[cfg_attr(
        not(any(feature = "data", test)),
        expect(dead_code, reason = "called by TenantTx alone")
    )]
    pub(crate) fn open_write(&self) -> OpenWrite {
        self.inner.open_writes.fetch_add(1, Ordering::Relaxed);
        OpenWrite {
            scope: self.clone(),
        }
    }
}

impl fmt::Debug for TenantScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TenantScope")
            .field(&self.inner.tenant)
            .finish()
    }
}

/// Held by a write transaction while it is open.
#[derive(Debug)]
pub(crate) struct OpenWrite {
    scope: TenantScope,
}

impl Drop for OpenWrite {
    fn drop(&mut self) {
        self.scope.inner.open_writes.fetch_sub(1, Ordering::Relaxed);
    }
}

// === impl HostScope ===

impl HostScope {
    /// Which module acts.
    #[must_use]
    pub fn module(&self) -> &ModuleName {
        &self.module
    }

    /// The reason that its manifest declares.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// As used for the caller of this request: the audit log then tells who it was. Without it the
    /// log tells of the module.
    ///
    /// # Examples
    ///
    /// ```
    /// # use goplt_core::{RequestContext, data::{DbError, HostScope, TenantDb}};
    /// async fn find(db: &TenantDb, host: &HostScope, cx: &RequestContext) -> Result<(), DbError> {
    ///     let tx = db.begin_host_read(&host.within(cx)).await?;
    ///     // …
    /// #   drop(tx);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn within(&self, cx: &RequestContext) -> Self {
        Self {
            request: Some(cx.clone()),
            ..self.clone()
        }
    }

    /// The request that it is used for, if that is known.
    #[must_use]
    pub const fn request(&self) -> Option<&RequestContext> {
        self.request.as_ref()
    }

    #[cfg_attr(
        not(feature = "data"),
        expect(dead_code, reason = "asked by TenantDb alone")
    )]
    pub(crate) fn mint(&self) -> u64 {
        self.mint
    }
}

impl fmt::Debug for HostScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HostScope").field(&self.module).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_of_another_tenant_does_not_enter() {
        let ada = Principal::user("ada").with_tenant("acme".parse().unwrap());
        let cx = RequestContext::new("r".parse().unwrap()).with_principal(ada);
        let mint = ScopeMint::new();
        assert_eq!(
            mint.enter(cx.clone(), "globex".parse().unwrap())
                .unwrap_err(),
            TenantMismatch
        );
        assert!(mint.enter(cx, "acme".parse().unwrap()).is_ok());
    }

    #[test]
    fn only_a_service_enters_the_platform() {
        let cx = RequestContext::new("r".parse().unwrap());
        let mint = ScopeMint::new();
        let enter = |cx| mint.enter(cx, TenantId::platform());
        assert!(enter(cx.clone()).is_err());
        assert!(enter(cx.clone().with_principal(Principal::user("ada"))).is_err());
        assert!(enter(cx.with_principal(Principal::service("audit"))).is_ok());
    }

    #[test]
    fn an_open_write_is_seen_through_every_clone_of_the_context() {
        let cx = RequestContext::new("r".parse().unwrap());
        let cx = ScopeMint::new().enter(cx, "acme".parse().unwrap()).unwrap();
        let scope = cx.scope().unwrap();
        let write = scope.open_write();
        assert!(cx.clone().scope().unwrap().has_open_write());
        drop(write);
        assert!(!scope.has_open_write());
    }
}
