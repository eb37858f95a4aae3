//! An identity provider's part: a key, and tokens of it.

use std::time::Duration;

use goplt_auth::{
    jwks::{KeyHandle, KeySet},
    jwt::{Issuer, Signer},
};
use goplt_core::Clock;

const ISSUER: &str = "https://login.example.com";

/// A key that signs, unlike every other.
pub(crate) struct Keys {
    signer: Signer,
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self {
            signer: Signer::generate(),
        }
    }

    /// What the provider publishes: a JWK set.
    pub(crate) fn published(&self) -> KeySet {
        let keys = KeySet::new([self.signer.verification_key()]).unwrap();
        KeySet::from_json(&keys.to_json()).unwrap()
    }

    /// What the application verifies with.
    pub(crate) fn handle(&self) -> KeyHandle {
        self.published().into()
    }

    /// A token that is good for a while.
    pub(crate) fn token(&self, subject: &str, tenant: &str) -> String {
        self.issue(&Issuer::new(ISSUER, "notes"), subject, tenant)
    }

    /// A token that was good yesterday.
    pub(crate) fn expired(&self, subject: &str, tenant: &str) -> String {
        let day = Duration::from_secs(24 * 60 * 60);
        let yesterday = Clock::system().now().minus(day);
        let issuer = Issuer::new(ISSUER, "notes").with_clock(Clock::starting_at(yesterday));
        self.issue(&issuer, subject, tenant)
    }

    fn issue(&self, issuer: &Issuer, subject: &str, tenant: &str) -> String {
        let roles: &[&str] = if subject == "ada" { &["reader"] } else { &[] };
        let token = issuer.issue(&self.signer, subject, &tenant.parse().unwrap(), roles);
        token.expose().to_owned()
    }
}
