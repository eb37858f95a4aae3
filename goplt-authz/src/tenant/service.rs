use std::{
    sync::Arc,
    task::{Context, Poll},
};

use goplt_core::{
    Problem, RequestContext,
    data::ScopeMint,
    edge::PathTenant,
    id::Ids,
    refuse::{MaybeRefused, ResponseFuture},
};
use http::{Request, Response};
use tower_service::Service;

use super::{Tenancy, TenantRefusal};

/// Resolves the tenant of each request. See the [module docs](super).
#[derive(Debug, Clone)]
pub struct Tenant<S> {
    inner: S,
    mint: ScopeMint,
    tenancy: Arc<Tenancy>,
    ids: Ids,
}

impl<S> Tenant<S> {
    pub(super) const fn new(inner: S, mint: ScopeMint, tenancy: Arc<Tenancy>, ids: Ids) -> Self {
        Self {
            inner,
            mint,
            tenancy,
            ids,
        }
    }

    fn enter<B>(&self, request: &mut Request<B>) -> Result<(), Problem> {
        let cx = request.extensions().get::<RequestContext>();
        let principal = cx.and_then(RequestContext::principal);
        let taken = request.extensions().get::<PathTenant>();
        let tenant = self.tenancy.resolve_with(
            principal,
            request.headers(),
            request.uri(),
            taken.map(PathTenant::tenant),
        )?;
        if let Some(path) = self.tenancy.path() {
            path.strip(request);
        }
        let Some(tenant) = tenant else { return Ok(()) };
        let cx = request.extensions_mut().get_or_insert_with(|| {
            // No layer outside of us made one: the request is anonymous.
            RequestContext::new(self.ids.request_id())
        });
        self.mint
            .enter_in_place(cx, tenant)
            .map_err(|_| TenantRefusal::Mismatch)?;
        Ok(())
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Tenant<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
{
    type Response = Response<MaybeRefused<ResBody>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        match self.enter(&mut request) {
            Ok(()) => ResponseFuture::served(self.inner.call(request)),
            Err(problem) => ResponseFuture::refused(&request, &problem),
        }
    }
}
