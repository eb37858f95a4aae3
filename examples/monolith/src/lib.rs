//! The monolith: which modules there are, and how they are put together.
//!
//! `main.rs` runs it; the tests check and drive the same composition.

mod admin;
mod seed;

use std::sync::Arc;

use analytics::AnalyticsModule;
use blog::BlogModule;
use goplt_auth::{
    jwks::KeyHandle,
    service::{AuthModule, IdentityModule},
};
use goplt_authz::{
    PolicyHandle, TenantLayer,
    service::{AuditModule, AuthzModule, audit},
};
use goplt_module::{assembly::Assembly, operations::OperationsModule};

/// The whole composition: no other place knows which modules there are.
pub fn compose(assembly: Assembly) -> Assembly {
    // Two handles are shared between the modules that fill them and the layers that read them.
    let keys = KeyHandle::new();
    let policy = PolicyHandle::new();
    assembly
        .version(env!("CARGO_PKG_VERSION"))
        .about("Every module of the examples in one process")
        .auth_with({
            let keys = keys.clone();
            move |edge| Ok(AuthModule::layer(keys, edge))
        })
        .tenant_with(|edge| Ok(TenantLayer::configured(edge.mint(), edge.config())))
        .authorizer(Arc::new(policy.clone()))
        .module(IdentityModule::new())
        .module(AuthModule::new(keys))
        .module(AuthzModule::new(policy))
        .module(AuditModule)
        .module(BlogModule)
        .module(AnalyticsModule)
        .module(OperationsModule::new())
        .seed(seed::development)
        .command(admin::create())
        .command(audit::command::list())
        .command(audit::command::heads())
        .command(audit::command::verify())
}

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guides/observability.md")]
struct Guide;
