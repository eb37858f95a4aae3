//! Encrypts private keys before they are stored: AES-256-GCM, with the key's id bound to it.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use goplt_core::BoxError;

/// Seals and opens with the key encryption key.
pub(super) struct Sealer {
    key: RandomizedNonceKey,
}

/// What is stored of a private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) nonce: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

/// The stored bytes are of another key, of another id, or damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stored signing key cannot be decrypted: is `auth.key_encryption_key` the one that it was \
     encrypted with?"
)]
pub(super) struct CannotOpen;

impl Sealer {
    pub(super) fn new(key: &[u8; 32]) -> Result<Self, BoxError> {
        Ok(Self {
            key: RandomizedNonceKey::new(&AES_256_GCM, key)?,
        })
    }

    pub(super) fn seal(&self, kid: &str, secret: &[u8]) -> Result<Sealed, BoxError> {
        let mut bytes = secret.to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(kid.as_bytes()), &mut bytes)?;
        Ok(Sealed {
            nonce: nonce.as_ref().to_vec(),
            bytes,
        })
    }

    pub(super) fn open(&self, kid: &str, sealed: &Sealed) -> Result<Vec<u8>, CannotOpen> {
        let nonce = Nonce::try_assume_unique_for_key(&sealed.nonce).map_err(|_| CannotOpen)?;
        let mut bytes = sealed.bytes.clone();
        let opened = self
            .key
            .open_in_place(nonce, Aad::from(kid.as_bytes()), &mut bytes);
        let length = opened.map_err(|_| CannotOpen)?.len();
        bytes.truncate(length);
        Ok(bytes)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_and_id_open_it() {
        let sealer = Sealer::new(&[1; 32]).unwrap();
        let sealed = sealer.seal("k1", b"secret").unwrap();
        assert_eq!(sealer.open("k1", &sealed).unwrap(), b"secret");
        assert_eq!(sealer.open("k2", &sealed), Err(CannotOpen));
        assert_eq!(
            Sealer::new(&[2; 32]).unwrap().open("k1", &sealed),
            Err(CannotOpen)
        );
    }

    #[test]
    fn any_damage_is_found() {
        let sealer = Sealer::new(&[1; 32]).unwrap();
        let sealed = sealer.seal("k1", b"secret").unwrap();
        for at in 0..sealed.bytes.len() {
            let mut damaged = sealed.clone();
            damaged.bytes[at] ^= 1;
            assert_eq!(sealer.open("k1", &damaged), Err(CannotOpen));
        }
        let short = Sealed {
            nonce: vec![0; 3],
            ..sealed
        };
        assert_eq!(sealer.open("k1", &short), Err(CannotOpen));
    }
}
