//! A harness for tests of modules: yours and ours.
//!
//! [`TestHost`] runs one module or many in the test's own process: the real stack of layers, real
//! tokens, a real database in a folder of its own, and no port. What a module needs of others is
//! supplied as a fake (contract crates have them behind their feature `fake`).
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//!
//! use blog::BlogModule;
//! use goplt_contracts::identity::{FakeIdentityService, IdentityService};
//! use goplt_testing::TestHost;
//! use serde_json::json;
//!
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let identity: Arc<dyn IdentityService> = Arc::new(FakeIdentityService::new());
//! let host = TestHost::builder()
//!     .module(BlogModule)
//!     .outside("identity", "1.0.0")
//!     .supply(identity)
//!     .start()
//!     .await?;
//!
//! let ada = host.user("ada", "acme").with_grants(["blog.*"]);
//! let answer = ada.post("/api/v1/blog/posts", json!({ "title": "Hi", "content": "…" })).await;
//! assert_eq!(answer.status(), 201);
//!
//! let eve = host.user("eve", "globex").with_grants(["blog.*"]);
//! assert_eq!(eve.get(answer.header("location")).await.status(), 404);
//! host.stop().await?;
//! # Ok::<_, goplt_core::BoxError>(()) })?;
//! # Ok::<_, goplt_core::BoxError>(())
//! ```
//!
//! The minimum supported Rust version is 1.94.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub mod backend;
mod caller;
pub mod conformance;
mod events;
mod host;
pub mod isolation;
mod tenant;
mod token;

pub use self::{
    answer::Answer,
    caller::Caller,
    events::Events,
    host::{Reached, TestHost, TestHostBuilder},
    tenant::Tenant,
    token::TokenMint,
};
