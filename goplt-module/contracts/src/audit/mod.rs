//! The contract of the module audit: who did what, in a log that only grows.

#[rustfmt::skip]
mod generated;

pub use self::generated::*;
