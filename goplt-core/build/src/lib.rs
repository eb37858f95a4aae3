//! Turns `.proto` files into goplt service contracts, without `protoc`.
//!
//! Two things live here:
//!
//! - [`watch`], the one line in the build script of every module, so that a new migration is noticed;
//! - behind the feature `compile`, [`Compiler`]: one `.proto` becomes messages, an object-safe trait for each service
//!   and the guarded wrapper that enforces the policy on local calls.
//!
//! The generated code is committed, and a test compares it with the protos. Building a module therefore runs no
//! generator, and the build script stays free of dependencies.
//!
#![cfg_attr(feature = "compile", doc = include_str!("compile/guide.md"))]
//!
//! # Features
//!
//! | feature | adds | default |
//! |---|---|---|
//! | `compile` | [`Compiler`], [`BuildError`] and what they need to read protos and write Rust | no |
//!
//! [`Compiler`]: https://docs.rs/goplt-build/latest/goplt_build/struct.Compiler.html
//! [`BuildError`]: https://docs.rs/goplt-build/latest/goplt_build/enum.BuildError.html
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "compile")]
mod compile;
mod watch;

#[cfg(feature = "compile")]
#[cfg_attr(docsrs, doc(cfg(feature = "compile")))]
#[doc(inline)]
pub use compile::{BuildError, Compiler, Problem};
#[doc(inline)]
pub use watch::watch;
