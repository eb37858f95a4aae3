//! What the module tasks tells others.

#[rustfmt::skip]
mod generated;

pub use self::generated::*;
