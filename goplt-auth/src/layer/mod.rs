//! [`AuthLayer`]: finds out who is calling, before anything else looks at the request.
//!
//! It reads `Authorization: Bearer`, asks a [`Verify`], and puts the
//! principal into the request's [`RequestContext`](goplt_core::RequestContext); where there is no
//! context yet it makes one. A request without the header passes as anonymous: whether that will
//! do is for each route to say. Everything happens in `call`: nothing is awaited, boxed or
//! spawned.
//!
//! | the request has | what happens |
//! |---|---|
//! | no `Authorization` | passes, anonymous |
//! | a token that the verifier accepts | passes, with its principal |
//! | another scheme, several headers, or a token that is refused, for whatever reason | 401, `WWW-Authenticate: Bearer`; the inner service is not called |
//! | a token, while there are no keys | 503 with `Retry-After` |
//! | a tenant already, since the tenant layer stands outside of this one | 500, and an error in the log: the order is wrong |
//!
//! gRPC callers get the same as `grpc-status`. A principal that the context already has is
//! removed: only this layer's verifier vouches for callers behind it.
//!
//! # What this does not stop
//!
//! Tokens are bearer tokens: without TLS in front, whoever reads one is its owner.
//!
//! # Examples
//!
//! In a plain axum application:
//!
//! ```
//! use axum::{Extension, Router, routing::get};
//! use goplt_auth::{AuthLayer, jwks::{KeyHandle, KeySet}, jwt::{Issuer, JwtVerifier, Signer}};
//! use goplt_core::RequestContext;
//! use tower::ServiceExt as _;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! async fn whoami(Extension(cx): Extension<RequestContext>) -> String {
//!     cx.principal().map_or("nobody".to_owned(), |ada| ada.subject().to_owned())
//! }
//!
//! let (signer, keys) = (Signer::generate(), KeyHandle::new());
//! keys.publish(KeySet::new([signer.verification_key()])?);
//! let app: Router = Router::new()
//!     .route("/whoami", get(whoami))
//!     .layer(AuthLayer::new(JwtVerifier::new(keys, "https://goplt.test", "goplt")));
//!
//! let token = Issuer::new("https://goplt.test", "goplt").issue(&signer, "ada", &"acme".parse()?, &["editor"]);
//! let request = http::Request::get("/whoami")
//!     .header("authorization", format!("Bearer {}", token.expose()))
//!     .body(axum::body::Body::empty())?;
//! let answer = app.clone().oneshot(request).await?;
//! assert_eq!(axum::body::to_bytes(answer.into_body(), 64).await?, "ada");
//!
//! let forged = http::Request::get("/whoami")
//!     .header("authorization", "Bearer forged")
//!     .body(axum::body::Body::empty())?;
//! assert_eq!(app.oneshot(forged).await?.status(), 401);
//! # Ok(()) }
//! ```
//!
//! Any closure from credentials to a principal is a verifier too:
//!
//! ```
//! use goplt_auth::AuthLayer;
//! use goplt_core::{Credentials, Principal, VerifyError};
//!
//! let layer = AuthLayer::new(|credentials: Credentials<'_>| match credentials {
//!     Credentials::Bearer("open sesame") => Ok(Principal::user("ali")),
//!     _ => Err(VerifyError::Invalid),
//! });
//! ```

mod service;

use std::{fmt, sync::Arc};

use goplt_core::Verify;
use tower_layer::Layer;

pub use self::service::Auth;

/// Puts [`Auth`] in front of a service. See the [module docs](self).
#[must_use = "a layer does nothing until it is applied"]
pub struct AuthLayer<V> {
    verify: Arc<V>,
}

impl<V: Verify> AuthLayer<V> {
    /// Callers are who `verify` says they are.
    pub fn new(verify: V) -> Self {
        Self {
            verify: Arc::new(verify),
        }
    }
}

impl<S, V> Layer<S> for AuthLayer<V> {
    type Service = Auth<S, V>;

    fn layer(&self, inner: S) -> Self::Service {
        Auth::with_shared(inner, self.verify.clone())
    }
}

impl<V> Clone for AuthLayer<V> {
    fn clone(&self) -> Self {
        Self {
            verify: self.verify.clone(),
        }
    }
}

impl<V> fmt::Debug for AuthLayer<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthLayer").finish_non_exhaustive()
    }
}
