//! The contract of the blog module.

#[rustfmt::skip]
mod generated;

pub use self::generated::*;
