//! [`Signer`]: a private key, with its id.

use std::fmt;

use aws_lc_rs::{
    hmac,
    signature::{Ed25519KeyPair, KeyPair as _},
};

use super::Algorithm;
use crate::{KeyError, encoding, jwks::VerificationKey};

/// Signs tokens. Its id is the thumbprint of its public key (RFC 7638), so two processes with the
/// same key give it the same name.
pub struct Signer {
    kid: String,
    key: Key,
}

enum Key {
    Ed25519(Ed25519KeyPair),
    Hs256 {
        key: Box<hmac::Key>,
        secret: Vec<u8>,
    },
}

impl Signer {
    /// A fresh Ed25519 key, of the operating system's randomness.
    ///
    /// # Panics
    ///
    /// If the operating system has no randomness to give.
    #[must_use]
    pub fn generate() -> Self {
        let pair = Ed25519KeyPair::generate().expect("the operating system gives randomness");
        Self::of(pair)
    }

    /// An Ed25519 key as [`to_pkcs8`](Self::to_pkcs8) gave it.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unsound`] if it is none, or if its public part is another key's.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        Ed25519KeyPair::from_pkcs8(pkcs8)
            .map(Self::of)
            .map_err(|_| KeyError::Unsound)
    }

    /// A secret for HMAC. Whoever can verify its tokens can sign them: for tests alone.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unsound`] if it is shorter than 32 bytes.
    pub fn insecure_hs256(kid: impl Into<String>, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < 32 {
            return Err(KeyError::Unsound);
        }
        let key = Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret));
        Ok(Self {
            kid: kid.into(),
            key: Key::Hs256 {
                key,
                secret: secret.to_vec(),
            },
        })
    }

    fn of(pair: Ed25519KeyPair) -> Self {
        let kid = crate::jwks::ed25519_thumbprint(pair.public_key().as_ref());
        Self {
            kid,
            key: Key::Ed25519(pair),
        }
    }

    /// The private key, to be kept encrypted; `None` for a secret of tests.
    ///
    /// # Panics
    ///
    /// If memory runs out.
    #[must_use]
    pub fn to_pkcs8(&self) -> Option<secrecy::SecretSlice<u8>> {
        let Key::Ed25519(pair) = &self.key else {
            return None;
        };
        let document = pair.to_pkcs8().expect("a key pair can be written");
        Some(document.as_ref().to_vec().into())
    }

    /// What its tokens are verified with.
    ///
    /// # Panics
    ///
    /// Never: a key that signs also verifies.
    #[must_use]
    pub fn verification_key(&self) -> VerificationKey {
        let kid = Some(self.kid.clone());
        let key = match &self.key {
            Key::Ed25519(pair) => VerificationKey::ed25519(kid, pair.public_key().as_ref()),
            Key::Hs256 { secret, .. } => VerificationKey::secret(kid, secret),
        };
        key.expect("a key that signs also verifies")
    }

    /// The id that headers name it by.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// How it signs.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.key {
            Key::Ed25519(_) => Algorithm::EdDsa,
            Key::Hs256 { .. } => Algorithm::Hs256,
        }
    }

    /// `payload` as a signed token (RFC 7515 §7.1).
    pub(crate) fn sign(&self, payload: &[u8]) -> String {
        let header = serde_json::json!({
            "alg": self.algorithm().as_str(), "kid": self.kid, "typ": "JWT",
        });
        let mut token = encoding::encode(header.to_string().as_bytes());
        token.push('.');
        encoding::encode_into(payload, &mut token);
        let message = token.as_bytes();
        let signature = match &self.key {
            Key::Ed25519(pair) => encoding::encode(pair.sign(message).as_ref()),
            Key::Hs256 { key, .. } => encoding::encode(hmac::sign(key, message).as_ref()),
        };
        token.push('.');
        token.push_str(&signature);
        token
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
