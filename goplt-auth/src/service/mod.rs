//! The modules `auth` and `identity`, each complete: manifest, migrations, routes, contract.
//!
//! A binary hosts one of them or both; they meet only through their contracts, in
//! `goplt-contracts`.

pub mod auth;
pub mod identity;
mod tenant_token;

#[doc(inline)]
pub use self::{auth::AuthModule, identity::IdentityModule};
