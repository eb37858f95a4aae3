//! The contract of the module auth: logins and tokens.

#[rustfmt::skip]
mod generated;

pub use self::generated::*;
