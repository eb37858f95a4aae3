//! Key sets: what tokens are verified with, as snapshots that a handle swaps.
//!
//! The assembly makes a [`KeyHandle`] and gives it to who publishes keys (the auth module) and to
//! who reads them ([`JwtVerifier`](crate::jwt::JwtVerifier)). Reading is lock-free; a set never
//! changes, it is replaced. Each replacement has a new generation, which empties the verifier's
//! cache: a removed key is worth nothing from the next request on.

mod handle;
mod jwk;
mod key;
mod roca;
mod set;

pub(crate) use self::handle::Snapshot;
pub(crate) use self::key::ed25519_thumbprint;
pub use self::{handle::KeyHandle, key::VerificationKey, set::KeySet};
