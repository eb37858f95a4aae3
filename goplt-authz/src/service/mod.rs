//! The core service of authorization, as a module that any binary can host.

pub mod authz;

#[doc(inline)]
pub use self::authz::AuthzModule;
