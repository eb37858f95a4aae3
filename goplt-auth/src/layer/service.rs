//! [`Auth`]: the service that [`AuthLayer`](super::AuthLayer) makes.

use std::{
    fmt,
    sync::{Arc, LazyLock},
    task::{Context, Poll},
};

use goplt_core::{
    Clock, Code, Credentials, Principal, Problem, Random, RequestContext, Verify, VerifyError,
    id::Ids,
    refuse::{MaybeRefused, ResponseFuture},
};
use http::{HeaderMap, HeaderValue, Request, Response, header::AUTHORIZATION};
use tower_service::Service;

/// Finds out who is calling and tells the inner service. See the [module docs](super).
pub struct Auth<S, V> {
    inner: S,
    verify: Arc<V>,
}

/// Longer headers hold no token that anyone reads.
const MAX_HEADER_BYTES: usize = 16 * 1024;

/// For requests that come without a context, and so without an id.
static IDS: LazyLock<Ids> = LazyLock::new(|| Ids::new(Clock::system(), Random::system()));

impl<S, V: Verify> Auth<S, V> {
    /// Callers of `inner` are who `verify` says they are.
    pub fn new(inner: S, verify: V) -> Self {
        Self::with_shared(inner, Arc::new(verify))
    }

    /// Who it is, as far as the headers tell; `None` for nobody.
    fn authenticate(&self, headers: &HeaderMap) -> Result<Option<Principal>, VerifyError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(VerifyError::Invalid);
        }
        let token = bearer(value).ok_or(VerifyError::Invalid)?;
        self.verify.verify(Credentials::Bearer(token)).map(Some)
    }
}

impl<S, V> Auth<S, V> {
    pub(crate) fn with_shared(inner: S, verify: Arc<V>) -> Self {
        Self { inner, verify }
    }
}

impl<S, V, B, R> Service<Request<B>> for Auth<S, V>
where
    S: Service<Request<B>, Response = Response<R>>,
    V: Verify,
{
    type Response = Response<MaybeRefused<R>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if has_tenant(&request) {
            return ResponseFuture::refused(&request, &misplaced());
        }
        match self.authenticate(request.headers()) {
            Ok(principal) => {
                identify(&mut request, principal);
                ResponseFuture::served(self.inner.call(request))
            }
            Err(error) => ResponseFuture::refused(&request, &refusal(error)),
        }
    }
}

/// The token of `Bearer` (RFC 6750 §2.1; schemes have no case, RFC 9110 §11.1).
fn bearer(value: &HeaderValue) -> Option<&str> {
    if value.len() > MAX_HEADER_BYTES {
        return None;
    }
    let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
    let token = rest.trim_start_matches(' ');
    (scheme.eq_ignore_ascii_case("Bearer") && !token.is_empty()).then_some(token)
}

fn identify<B>(request: &mut Request<B>, principal: Option<Principal>) {
    if let Some(cx) = request.extensions_mut().get_mut::<RequestContext>() {
        match principal {
            Some(principal) => cx.set_principal(principal),
            None if cx.principal().is_some() => cx.clear_principal(),
            None => {}
        }
        return;
    }
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok()?.parse().ok());
    let mut cx = RequestContext::new(id.unwrap_or_else(|| IDS.request_id()));
    if let Some(principal) = principal {
        cx.set_principal(principal);
    }
    request.extensions_mut().insert(cx);
}

fn has_tenant<B>(request: &Request<B>) -> bool {
    request
        .extensions()
        .get::<RequestContext>()
        .is_some_and(|cx| cx.tenant().is_some())
}

/// A tenant that was resolved before the caller is known was taken from a header alone: to go on
/// would show one tenant's data to another's user.
fn misplaced() -> Problem {
    const REASON: &str = "the tenant layer is outside of the auth layer; it must be inside";
    tracing::error!("{REASON}");
    Problem::new(Code::Internal).with_source(REASON)
}

/// One answer for every reason, but for the lack of keys, which is not the caller's fault.
fn refusal(error: VerifyError) -> Problem {
    let problem = match error.code() {
        Code::Unavailable => Problem::new(Code::Unavailable).with_retry_after(1),
        _ => Problem::unauthenticated(),
    };
    problem.with_source(error)
}

impl<S: Clone, V> Clone for Auth<S, V> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            verify: self.verify.clone(),
        }
    }
}

impl<S: fmt::Debug, V> fmt::Debug for Auth<S, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
