//! Who is calling: [`AuthLayer`] for any tower service, verification of JSON Web Tokens with keys
//! kept parsed, key sets, and issuing of tokens.
//!
//! It says who the caller is, never what they may do: that is goplt-authz. Without features it
//! knows nothing of modules and databases, and serves a plain axum, tonic or hyper application as
//! well as a host of goplt.
//!
//! # Examples
//!
//! ```
//! use goplt_auth::{AuthLayer, jwks::{KeyHandle, KeySet}, jwt::{JwtVerifier, Signer}};
//!
//! let keys = KeyHandle::new();
//! let layer = AuthLayer::new(JwtVerifier::new(keys.clone(), "https://goplt.test", "goplt"));
//! let app = axum::Router::<()>::new().layer(layer);
//!
//! // Whoever has the keys publishes them; verifiers see them from the next request on.
//! keys.publish(KeySet::new([Signer::generate().verification_key()])?);
//! assert!(!keys.current().is_empty());
//! # let _ = app;
//! # Ok::<_, goplt_auth::KeyError>(())
//! ```
//!
//! # Features
//!
//! | feature | what it adds | default |
//! |---|---|---|
//! | `service` | the modules `auth` (login, refresh, logout, key set) and `identity` (users, passwords, tenants) | no |
//!
//! The minimum supported Rust version is 1.94.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod claims;
mod encoding;
mod error;
pub mod jwks;
pub mod jwt;
pub mod layer;
#[cfg(feature = "service")]
#[cfg_attr(docsrs, doc(cfg(feature = "service")))]
pub mod service;

#[doc(inline)]
pub use self::{
    claims::Claims,
    error::{ConfigError, KeyError, TokenError},
    layer::{Auth, AuthLayer},
};
