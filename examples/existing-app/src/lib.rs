//! The two applications are `src/bin/axum.rs` and `src/bin/tonic.rs`, each whole in its file. This
//! library holds nothing: it is where the code of their guides is compiled and run.

#[doc = include_str!("../../../docs/guides/axum.md")]
#[cfg(doctest)]
pub mod axum_guide {}

#[doc = include_str!("../../../docs/guides/tonic.md")]
#[cfg(doctest)]
pub mod tonic_guide {}
