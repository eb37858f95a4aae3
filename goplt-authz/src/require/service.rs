use std::task::{Context, Poll};

use goplt_core::{
    Authorizer, Code, Permission, Problem, RequestContext,
    refuse::{MaybeRefused, ResponseFuture},
};
use http::{Request, Response};
use tower_service::Service;

/// Demands one permission. See the [module docs](super).
#[derive(Debug, Clone)]
pub struct Require<S, A> {
    inner: S,
    authorizer: A,
    permission: Permission,
}

impl<S, A> Require<S, A> {
    pub(super) const fn new(inner: S, authorizer: A, permission: Permission) -> Self {
        Self {
            inner,
            authorizer,
            permission,
        }
    }
}

impl<S, A: Authorizer> Require<S, A> {
    fn check<B>(&self, request: &Request<B>) -> Result<(), Problem> {
        let Some(cx) = request.extensions().get::<RequestContext>() else {
            // Neither principal nor tenant can be known: nobody is let in.
            return Err(Problem::unauthenticated());
        };
        cx.authorize(&self.authorizer, &self.permission)
            .map_err(|error| match error.code() {
                Code::PermissionDenied => Problem::missing_permission(self.permission.as_str()),
                _ => error.into(),
            })
    }
}

impl<S, A, ReqBody, ResBody> Service<Request<ReqBody>> for Require<S, A>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    A: Authorizer,
{
    type Response = Response<MaybeRefused<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.check(&request) {
            Ok(()) => ResponseFuture::served(self.inner.call(request)),
            Err(problem) => ResponseFuture::refused(&request, &problem),
        }
    }
}
