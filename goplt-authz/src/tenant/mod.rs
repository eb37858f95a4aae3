//! [`TenantLayer`]: finds out whose data a request is about, and mints the scope for it.
//!
//! # Threat
//!
//! A caller who names another tenant must not reach its data. So the claim in verified
//! credentials decides; the header `X-Tenant-ID`, the subdomain and the path may only repeat it, and
//! a request in which any two of them differ is answered 403. They name the tenant of anonymous
//! requests alone (a login must say where); [`Tenancy::with_credentials_only`] takes even that away.
//! Nothing is read from a body.
//!
//! A tenant is no permission: a route that neither a [`RequireLayer`](crate::RequireLayer) nor its
//! own code guards serves anonymous callers the data of the tenant that they name.
//!
//! It does not check that the tenant exists: a scope on a tenant without rows sees no rows. It
//! trusts the principal in the [`RequestContext`](goplt_core::RequestContext), so it goes inside
//! the auth layer, and nothing between them may replace the context.
//!
//! # Paths
//!
//! With `/t/{tenant}` ([`Tenancy::with_path`], `tenancy.path_prefix`), `/t/acme/api/v1/notes` names
//! `acme` and is routed as `/api/v1/notes`. The prefix must be gone before the request is routed: a
//! host of goplt-module does that by itself; elsewhere wrap the router as a whole, as in
//! `layer.layer(router)`, since axum's `Router::layer` runs after routing. Links that the application
//! makes do not have the prefix; callers with credentials do not need it.
//!
//! # Examples
//!
//! ```
//! use goplt_authz::{TenantLayer, tenant::Tenancy};
//! use goplt_core::data::ScopeMint;
//!
//! let mint = ScopeMint::new(); // also given to the database
//! let layer = TenantLayer::new(mint.clone(), Tenancy::multi());
//! let by_subdomain = TenantLayer::new(mint, Tenancy::multi().with_base_domain("example.com"));
//! ```

mod layer;
mod resolve;
mod service;

pub use self::{
    layer::TenantLayer,
    resolve::{Tenancy, TenantRefusal},
    service::Tenant,
};
