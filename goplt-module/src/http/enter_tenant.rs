use std::fmt;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use goplt_core::{
    Code, Problem, RequestContext, TenantId,
    data::{ScopeMint, TenantMismatch},
};
use http::request::Parts;

use super::stack::log::record_identity;

/// Enters the tenant that a credential in the body names: refresh, verification and reset tokens.
///
/// Only a route that declares `tenant: credential` hands it to its handler, and only for an
/// anonymous request; as an argument of any other handler it refuses the request. Take
/// `Option<EnterTenant>` where authenticated callers are served too.
///
/// # Examples
///
/// ```
/// use goplt_core::{Problem, TenantId};
/// use goplt_module::http::{EnterTenant, Json, NoContent};
///
/// #[derive(serde::Deserialize)]
/// #[serde(deny_unknown_fields)]
/// struct VerifyEmail { token: String }
///
/// async fn verify_email(enter: EnterTenant, Json(body): Json<VerifyEmail>) -> Result<NoContent, Problem> {
///     let tenant = tenant_of(&body.token)?;
///     let cx = enter.enter(tenant)?;
///     // `cx.scope()` opens transactions of that tenant now; the token itself is checked there.
/// #   let _ = cx;
///     Ok(NoContent)
/// }
/// # fn tenant_of(_: &str) -> Result<TenantId, Problem> { Ok("acme".parse().unwrap()) }
/// # fn check(routes: &mut goplt_module::http::Routes<'_, ()>, key: goplt_module::RouteKey) {
/// #     routes.mount(key, verify_email);
/// # }
/// ```
#[derive(Clone)]
pub struct EnterTenant {
    mint: ScopeMint,
    cx: RequestContext,
}

impl EnterTenant {
    pub(super) fn new(mint: ScopeMint, cx: RequestContext) -> Self {
        Self { mint, cx }
    }

    /// The request's context within `tenant`.
    ///
    /// # Errors
    ///
    /// 403 if the request named another tenant, by header or host.
    pub fn enter(self, tenant: TenantId) -> Result<RequestContext, Problem> {
        if self.cx.tenant().is_some_and(|named| *named != tenant) {
            return Err(mismatch());
        }
        let cx = self.mint.enter(self.cx, tenant).map_err(|_| mismatch())?;
        record_identity(&cx);
        Ok(cx)
    }
}

fn mismatch() -> Problem {
    Problem::new(Code::PermissionDenied).with_detail(TenantMismatch.to_string())
}

impl<S: Sync> FromRequestParts<S> for EnterTenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| {
            Problem::new(Code::PermissionDenied).with_detail("only anonymous requests may do this")
        })
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for EnterTenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        Ok(parts.extensions.get().cloned())
    }
}

impl fmt::Debug for EnterTenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EnterTenant")
            .field(self.cx.request_id())
            .finish()
    }
}
