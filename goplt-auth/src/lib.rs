//! Who is calling: `AuthLayer`, token verification, key sets, token issuing.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod claims;
mod encoding;
mod error;
mod future;
pub mod jwks;
pub mod jwt;
pub mod layer;
mod service;

#[doc(inline)]
pub use self::{
    body::ResponseBody,
    claims::Claims,
    error::{ConfigError, KeyError, TokenError},
    future::ResponseFuture,
    layer::AuthLayer,
    service::Auth,
};
