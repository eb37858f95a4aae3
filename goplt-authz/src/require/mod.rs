//! [`RequireLayer`]: demands one permission of every request to the service it wraps.
//!
//! For applications with routes of their own; modules declare permissions on their routes and
//! need no layer. It reads the [`RequestContext`](goplt_core::RequestContext) that the auth and
//! tenant layers filled, so it goes inside both. Without a principal the answer is 401, without
//! a tenant 400, without the permission 403 (gRPC callers get the like in `grpc-status`); the
//! inner service is then not called and the request's body not read.
//!
//! # Examples
//!
//! ```
//! use goplt_authz::{PolicyHandle, RequireLayer};
//! use goplt_core::Permission;
//! use tower_layer::Layer;
//!
//! # #[derive(Clone)] struct MyService;
//! let policy = PolicyHandle::new();
//! let require = RequireLayer::new(policy, Permission::from_static("reports.sales.read"));
//! let guarded = require.layer(MyService);
//! ```

mod layer;
mod service;

pub use self::{layer::RequireLayer, service::Require};
