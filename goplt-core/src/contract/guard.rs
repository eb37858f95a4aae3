//! The policy of a local call: the same steps as on the server side of a remote one.

use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, OnceLock},
};

use tokio::time::Instant;
use tracing::{Level, Span, field::Empty, level_filters::LevelFilter};

use super::{Access, MethodMeta, RpcError, Run};
use crate::{
    Authorizer, Code, RequestContext,
    telemetry::{
        is_exported,
        metrics::{CallTimer, ContractCalls, MethodCalls, Metrics},
    },
};

/// Runs each call's policy in front of a provider. The host makes one per contract.
///
/// A call through it costs two checks and no allocation of its own.
#[derive(Clone)]
pub struct LocalGuard {
    contract: &'static str,
    settings: GuardSettings,
    /// Made at the first call, so that `new` stays constant.
    calls: OnceLock<ContractCalls>,
}

/// What every guard of a host shares.
#[derive(Clone)]
pub struct GuardSettings {
    authorizer: Arc<dyn Authorizer>,
    open_write: OpenWritePolicy,
    metrics: Option<Metrics>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OpenWritePolicy {
    Refuse,
    Warn,
}

/// A call that passed its checks: its context, and the fence to run it in.
#[derive(Debug)]
pub struct LocalCall<'g> {
    /// The caller's, unless the method has a deadline of its own.
    cx: Cow<'g, RequestContext>,
    contract: &'static str,
    method: &'static MethodMeta,
    /// What counts it, and since when it runs.
    counted: Option<(&'g MethodCalls, Instant)>,
}

// === impl GuardSettings ===

impl GuardSettings {
    /// Decisions by `authorizer`; a call while a write transaction is open is refused.
    #[must_use]
    pub fn new(authorizer: Arc<dyn Authorizer>) -> Self {
        Self {
            authorizer,
            open_write: OpenWritePolicy::Refuse,
            metrics: None,
        }
    }

    /// Counts every call, and how long it takes.
    #[must_use]
    pub fn with_metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// Lets a call pass while a write transaction is open, with a warning in the log.
    ///
    /// The transaction then holds its locks for as long as the call takes; on SQLite, where
    /// there is one writer, a callee that writes waits for it until its time-out.
    #[must_use]
    pub fn with_open_writes_warned(mut self) -> Self {
        self.open_write = OpenWritePolicy::Warn;
        self
    }
}

impl fmt::Debug for GuardSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardSettings")
            .field("open_write", &self.open_write)
            .finish_non_exhaustive()
    }
}

// === impl LocalGuard ===

impl LocalGuard {
    /// For the contract of this name.
    #[must_use]
    pub const fn new(contract: &'static str, settings: GuardSettings) -> Self {
        Self {
            contract,
            settings,
            calls: OnceLock::new(),
        }
    }

    /// Checks access, open transactions and deadline; the callee's context has the shorter
    /// of the caller's deadline and the method's timeout.
    ///
    /// # Errors
    ///
    /// [`Code::Unauthenticated`] or [`Code::PermissionDenied`] if the caller may not,
    /// [`Code::DeadlineExceeded`] if there is no time left, [`Code::Internal`] if a write
    /// transaction is open: it cannot cross a contract.
    pub fn enter<'g>(
        &'g self,
        method: &'static MethodMeta,
        cx: &'g RequestContext,
    ) -> Result<LocalCall<'g>, RpcError> {
        let now = Instant::now();
        let calls = self.calls(method);
        match self.check(method, cx, now) {
            Ok(cx) => Ok(LocalCall {
                cx,
                contract: self.contract,
                method,
                counted: calls.map(|calls| (calls, now)),
            }),
            Err(error) => {
                if let Some(calls) = calls {
                    calls.refuse(error.code());
                }
                Err(error)
            }
        }
    }

    fn calls(&self, method: &'static MethodMeta) -> Option<&MethodCalls> {
        let metrics = self.settings.metrics.as_ref()?;
        let calls = self.calls.get_or_init(|| metrics.contract(self.contract));
        Some(calls.method(method))
    }

    /// The callee's context, if the call may be made.
    fn check<'c>(
        &self,
        method: &'static MethodMeta,
        cx: &'c RequestContext,
        now: Instant,
    ) -> Result<Cow<'c, RequestContext>, RpcError> {
        self.check_access(&method.access, cx)?;
        if cx.scope().is_ok_and(|scope| scope.has_open_write()) {
            self.meet_open_write(method)?;
        }
        let cx = match method.timeout.and_then(|timeout| now.checked_add(timeout)) {
            Some(deadline) => Cow::Owned(cx.clone().with_deadline(deadline)),
            None => Cow::Borrowed(cx),
        };
        if cx.deadline().is_some_and(|deadline| deadline <= now) {
            return Err(RpcError::new(
                Code::DeadlineExceeded,
                "no time was left for the call",
            ));
        }
        Ok(cx)
    }

    fn check_access(&self, access: &Access, cx: &RequestContext) -> Result<(), RpcError> {
        match access {
            // A local caller is a module of this host.
            Access::Public | Access::Internal => Ok(()),
            Access::Authenticated => cx.require_principal().map(|_| ()),
            Access::Permission(permission) => cx.authorize(&*self.settings.authorizer, permission),
        }
    }

    #[cold]
    fn meet_open_write(&self, method: &MethodMeta) -> Result<(), RpcError> {
        let (contract, method) = (self.contract, method.name);
        match self.settings.open_write {
            OpenWritePolicy::Warn => {
                tracing::warn!(contract, method, "called while a write transaction is open");
                Ok(())
            }
            OpenWritePolicy::Refuse => Err(RpcError::internal(format!(
                "{contract}/{method} was called while a write transaction is open: commit or drop \
                 it first, since a transaction cannot cross a contract",
            ))),
        }
    }
}

impl fmt::Debug for LocalGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LocalGuard").field(&self.contract).finish()
    }
}

// === impl LocalCall ===

impl<'g> LocalCall<'g> {
    /// The callee's context.
    #[must_use]
    pub fn context(&self) -> &RequestContext {
        &self.cx
    }

    /// Runs the callee within deadline, span and panic fence.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the callee's.
    pub fn run<F, T>(&self, call: F) -> Run<'g, F>
    where
        F: Future<Output = Result<T, RpcError>>,
    {
        // Before the macro, which puts all fields together even if nobody listens.
        let span = if Level::DEBUG <= LevelFilter::current() {
            self.span()
        } else {
            Span::none()
        };
        let timer = self
            .counted
            .map_or(CallTimer::none(), |(calls, since)| calls.start(since));
        Run::new(
            call,
            self.cx.deadline(),
            span,
            self.contract,
            self.method,
            timer,
        )
    }
    fn span(&self) -> Span {
        let span = tracing::debug_span!(
            "call",
            otel.name = is_exported()
                .then(|| display(format!("{}/{}", self.contract, self.method.name))),
            otel.status_code = Empty,
            rpc.system = "goplt",
            rpc.service = self.contract,
            rpc.method = self.method.name,
            error.type = Empty,
        );
        if span.is_disabled() {
            Span::none()
        } else {
            span
        }
    }
}
