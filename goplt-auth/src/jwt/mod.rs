//! JSON Web Tokens: verifying those that callers show, issuing our own.
//!
//! # What is checked, in this order
//!
//! 1. Length: at most 8 KiB, the header 1 KiB. A longer token is refused before anything is read.
//! 2. Form: three parts of strict base64url.
//! 3. Header: JSON; `crit` is refused; `kid` finds the key, `alg` must be the key's.
//!    `jwk`, `jku`, `x5c` and `x5u` are never looked at.
//! 4. Signature, with the key's algorithm.
//! 5. Claims: `iss`, `sub`, `aud` and `exp` are required, none may be doubled; issuer, audience,
//!    expiry, `nbf` and `iat` are judged with a small leeway.
//!
//! Nothing of the payload is parsed before the signature is found good.
//!
//! # What this does not stop
//!
//! A stolen token is good until it expires: keep lifetimes short. Verified tokens are remembered
//! in memory, bounded, so that a repeated one costs no signature; expiry and key removal hold for
//! remembered ones too.

mod algorithm;
mod cache;
mod issuer;
pub(crate) mod jws;
mod payload;
mod signer;
mod verifier;

pub(crate) use self::payload::Payload;
pub use self::{
    algorithm::Algorithm,
    issuer::{AccessToken, Issuer},
    signer::Signer,
    verifier::JwtVerifier,
};
