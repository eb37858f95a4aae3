//! The contract of the module authz: roles, permissions and decisions.

#[rustfmt::skip]
mod generated;

pub use self::generated::*;
