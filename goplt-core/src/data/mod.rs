//! Data that belongs to tenants: scopes, and the SQL that runs within them.
//!
//! A [`TenantScope`] opens transactions on one tenant's rows and can only be made by a
//! [`ScopeMint`]. The assembly (or an existing application) makes one mint and gives it to the
//! layer that resolves tenants; modules never see it.

mod scope;

pub use scope::{HostScope, NoTenant, ScopeMint, TenantMismatch, TenantScope};
