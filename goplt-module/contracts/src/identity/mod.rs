//! The contract of the module identity: users, tenants and credentials.

#[rustfmt::skip]
mod generated;

pub use self::generated::*;
