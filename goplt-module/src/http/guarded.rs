//! [`Guarded`]: the check in front of every handler.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::{
    extract::Request,
    handler::Handler,
    response::{IntoResponse, Response},
};
use goplt_core::{
    Authorizer, Code, ModuleName, Permission, Problem, RequestContext,
    data::ScopeMint,
    manifest::{RouteAccess, RouteDecl, TenantSource},
};
use pin_project_lite::pin_project;

use super::{
    enter_tenant::EnterTenant,
    route_table::Checks,
    stack::{catch_panic, failed::Failed, log::record_identity},
};

/// A handler behind its route's check, which runs before an extractor sees the request: a caller
/// that may not is answered before the body is read.
#[derive(Debug, Clone)]
pub(super) struct Guarded<H> {
    handler: H,
    check: Arc<Check>,
}

/// What a route asks of its caller.
pub(super) struct Check {
    module: ModuleName,
    access: Access,
    /// Set when the handler may enter a tenant that the credential in the body names.
    enter: Option<ScopeMint>,
}

enum Access {
    Everybody,
    Authenticated,
    Permission(Permission, Arc<dyn Authorizer>),
}

pin_project! {
    /// The handler's answer, or the refusal.
    #[project = StateProj]
    pub(super) enum ResponseFuture<F> {
        Handler { #[pin] future: F, cx: RequestContext, check: Arc<Check> },
        Refused { response: Option<Response> },
    }
}

// === impl Guarded ===

impl<H> Guarded<H> {
    pub(super) fn new(handler: H, check: Check) -> Self {
        Self {
            handler,
            check: Arc::new(check),
        }
    }
}

impl<T, S, H: Handler<T, S>> Handler<T, S> for Guarded<H> {
    type Future = ResponseFuture<H::Future>;

    fn call(self, mut request: Request, state: S) -> Self::Future {
        match self.check.admit(&mut request) {
            Ok(cx) => ResponseFuture::Handler {
                future: self.handler.call(request, state),
                cx,
                check: self.check,
            },
            Err(problem) => ResponseFuture::Refused {
                response: Some(problem.into_response()),
            },
        }
    }
}

// === impl Check ===

impl Check {
    pub(super) fn new(module: &ModuleName, route: &RouteDecl, checks: &Checks) -> Self {
        let access = match &route.access {
            RouteAccess::Permission(permission) => {
                Access::Permission(permission.clone(), Arc::clone(&checks.authorizer))
            }
            RouteAccess::Public | RouteAccess::Handler { .. } => Access::Everybody,
            // What this version does not know is not open to everybody.
            _ => Access::Authenticated,
        };
        let enter = (route.tenant == TenantSource::Credential).then(|| checks.mint.clone());
        Self {
            module: module.clone(),
            access,
            enter,
        }
    }

    fn admit(&self, request: &mut Request) -> Result<RequestContext, Problem> {
        let Some(cx) = request.extensions().get::<RequestContext>() else {
            return Err(no_context());
        };
        let cx = cx.clone();
        record_identity(&cx);
        self.access.check(&cx)?;
        if let (Some(mint), None) = (&self.enter, cx.principal()) {
            let enter = EnterTenant::new(mint.clone(), cx.clone());
            request.extensions_mut().insert(enter);
        }
        Ok(cx)
    }
}

impl Access {
    fn check(&self, cx: &RequestContext) -> Result<(), Problem> {
        if matches!(self, Self::Everybody) {
            return Ok(());
        }
        let principal = cx.principal().ok_or_else(Problem::unauthenticated)?;
        if let Self::Permission(permission, authorizer) = self {
            let tenant = cx.scope()?.tenant();
            if !authorizer
                .authorize(principal, tenant, permission)
                .is_allowed()
            {
                return Err(Problem::missing_permission(permission.as_str()));
            }
        }
        Ok(())
    }
}

fn no_context() -> Problem {
    Problem::new(Code::Internal)
        .with_source("no RequestContext: the router is not behind the stack of the host")
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let access = match &self.access {
            Access::Everybody => "everybody",
            Access::Authenticated => "authenticated",
            Access::Permission(permission, _) => permission.as_str(),
        };
        f.debug_struct("Check")
            .field("access", &access)
            .finish_non_exhaustive()
    }
}

impl<F: Future<Output = Response>> Future for ResponseFuture<F> {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Response> {
        let (future, cx, check) = match self.as_mut().project() {
            StateProj::Handler { future, cx, check } => (future, cx, check),
            StateProj::Refused { response } => {
                return Poll::Ready(response.take().expect("polled after it was ready"));
            }
        };
        // Caught here, where the caller is known; the layer of that name is for other layers.
        let polled = catch_unwind(AssertUnwindSafe(|| future.poll(task)));
        let mut response = match polled {
            Ok(polled) => ready!(polled),
            Err(panic) => catch_panic::answer(&*panic),
        };
        if response.status().is_server_error() {
            response.extensions_mut().insert(Failed {
                cx: cx.clone(),
                module: check.module.clone(),
            });
        }
        // What panicked must not be polled again.
        self.set(Self::Refused { response: None });
        Poll::Ready(response)
    }
}
