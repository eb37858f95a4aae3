//! The core services of authorization and audit, as modules that any binary can host.

pub mod audit;
pub mod authz;

#[doc(inline)]
pub use self::{audit::AuditModule, authz::AuthzModule};
