//! The contracts of goplt's core services: auth, identity, authz, audit.
//!
//! A module that needs one of them links this crate and holds an `Arc<dyn …Service>`; the host decides whether the
//! provider is in the same process. The crate holds messages and traits, and no logic.
//!
//! The tenant is not a field of any request (but those that make and read tenants): it is the tenant of the call's
//! [`RequestContext`](goplt_core::RequestContext). Times are microseconds since 1970-01-01 UTC. Passwords and tokens
//! are never printed by `Debug`.
//!
//! # Examples
//!
//! A consumer, and a fake to test it with:
//!
#![cfg_attr(feature = "fake", doc = "```")]
#![cfg_attr(not(feature = "fake"), doc = "```text")]
//! use std::sync::Arc;
//!
//! use goplt_contracts::identity::{FakeIdentityService, GetUserRequest, IdentityService, User};
//! use goplt_core::{RequestContext, contract::RpcError};
//!
//! struct Greeter {
//!     identity: Arc<dyn IdentityService>,
//! }
//!
//! impl Greeter {
//!     async fn greet(&self, cx: &RequestContext, id: &str) -> Result<String, RpcError> {
//!         let user = self.identity.get_user(cx, GetUserRequest { id: id.into() }).await?;
//!         Ok(format!("Hello, {}!", user.name.unwrap_or(user.email)))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ada = User { id: "1".into(), email: "ada@example.org".into(), ..Default::default() };
//! let identity = FakeIdentityService::new().on_get_user(move |_, _| Ok(ada.clone()));
//! let greeter = Greeter { identity: Arc::new(identity) };
//!
//! let cx = RequestContext::new("req-1".parse()?);
//! assert_eq!(greeter.greet(&cx, "1").await?, "Hello, ada@example.org!");
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | adds | default |
//! |---|---|---|
//! | `fake` | a `Fake…Service` for each contract, for the tests of its consumers | no |
//!
//! The minimum supported Rust version is 1.94.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod audit;
pub mod auth;
pub mod authz;
pub mod identity;
