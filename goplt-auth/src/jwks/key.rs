//! [`VerificationKey`]: a key kept parsed, with the one algorithm it is for.

use std::{fmt, sync::OnceLock};

use aws_lc_rs::{
    digest, hmac,
    rsa::PublicKeyComponents,
    signature::{ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256},
};

use super::{
    jwk::{Jwk, PublicJwk},
    roca,
};
use crate::{KeyError, encoding, jwt::Algorithm};

/// What a signature is checked with. Parsed once, where it enters.
pub struct VerificationKey {
    kid: Option<Box<str>>,
    algorithm: Algorithm,
    material: Material,
    /// What the key set shows of it; `None` for a secret.
    public: Option<PublicJwk>,
    /// The header, as it stands in tokens, of the first access token that it verified.
    header: OnceLock<Box<str>>,
}

enum Material {
    Public(ParsedPublicKey),
    Secret(Box<hmac::Key>),
}

impl VerificationKey {
    /// From one JSON Web Key (RFC 7517 §4). Private members are not looked at.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unsupported`] for another kind of key than Ed25519, P-256 and RSA, or another
    /// use than signatures; [`KeyError::Malformed`] and [`KeyError::Unsound`] for what is no key;
    /// [`KeyError::Symmetric`] for a secret one.
    pub fn from_jwk(json: &[u8]) -> Result<Self, KeyError> {
        Jwk::parse(json)?.into_public_key()
    }

    /// A secret for HMAC. Whoever can verify with it can sign: for tests alone.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unsound`] if it is shorter than 32 bytes (RFC 7518 §3.2).
    pub fn insecure_hs256(kid: impl Into<String>, secret: &[u8]) -> Result<Self, KeyError> {
        Self::secret(Some(kid.into()), secret)
    }

    /// As [`from_jwk`](Self::from_jwk), for a secret (`oct`) key with `alg` HS256: for tests alone.
    ///
    /// # Errors
    ///
    /// As [`from_jwk`](Self::from_jwk), and if the key is no secret one.
    pub fn insecure_from_secret_jwk(json: &[u8]) -> Result<Self, KeyError> {
        Jwk::parse(json)?.into_secret_key()
    }

    pub(crate) fn secret(kid: Option<String>, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < 32 {
            return Err(KeyError::Unsound);
        }
        let material = Material::Secret(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret)));
        Ok(Self {
            kid: kid.map(Into::into),
            algorithm: Algorithm::Hs256,
            material,
            public: None,
            header: OnceLock::new(),
        })
    }

    pub(crate) fn ed25519(kid: Option<String>, x: &[u8]) -> Result<Self, KeyError> {
        let public = PublicJwk::ed25519(kid.clone(), x);
        let key = ParsedPublicKey::new(&ED25519, x).map_err(|_| KeyError::Unsound)?;
        Ok(Self::public(kid, Algorithm::EdDsa, key, public))
    }

    pub(crate) fn p256(kid: Option<String>, x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        if x.len() != 32 || y.len() != 32 {
            return Err(KeyError::Unsound);
        }
        // SEC 1 §2.3.3: 4, then both coordinates.
        let point = [&[4], x, y].concat();
        let key =
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| KeyError::Unsound)?;
        Ok(Self::public(
            kid.clone(),
            Algorithm::Es256,
            key,
            PublicJwk::p256(kid, x, y),
        ))
    }

    pub(crate) fn rsa(kid: Option<String>, n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        if !is_sound_modulus(n) || !is_sound_exponent(e) {
            return Err(KeyError::Unsound);
        }
        let key = PublicKeyComponents { n, e }
            .to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256)
            .map_err(|_| KeyError::Unsound)?;
        Ok(Self::public(
            kid.clone(),
            Algorithm::Rs256,
            key,
            PublicJwk::rsa(kid, n, e),
        ))
    }

    fn public(
        kid: Option<String>,
        algorithm: Algorithm,
        key: ParsedPublicKey,
        public: PublicJwk,
    ) -> Self {
        let material = Material::Public(key);
        Self {
            kid: kid.map(Into::into),
            algorithm,
            material,
            public: Some(public),
            header: OnceLock::new(),
        }
    }

    /// The id that a token's header names it by.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm it is for.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether it is a secret.
    #[must_use]
    pub const fn is_symmetric(&self) -> bool {
        matches!(self.material, Material::Secret(_))
    }

    pub(crate) const fn public_jwk(&self) -> Option<&PublicJwk> {
        self.public.as_ref()
    }

    /// Whether an access token of this key had this very header.
    pub(crate) fn knows_header(&self, header: &str) -> bool {
        self.header.get().is_some_and(|known| **known == *header)
    }

    /// Keeps the header of an access token that was verified. The first one stays.
    pub(crate) fn remember_header(&self, header: &str) {
        let _ = self.header.set(header.into());
    }

    /// Whether `signature` is of this key. Takes the same time for every wrong one of a length.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Public(key) => key.verify_sig(message, signature).is_ok(),
            Material::Secret(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }
}

/// 2,048 to 8,192 bits, and not of the broken generator.
fn is_sound_modulus(n: &[u8]) -> bool {
    let bits = match n {
        [0, ..] | [] => return false,
        [first, rest @ ..] => rest.len() * 8 + first.ilog2() as usize + 1,
    };
    (2048..=8192).contains(&bits) && !roca::is_vulnerable(n)
}

/// Odd, at least 3, at most 33 bits: 1 signs everything, more slows verification down.
fn is_sound_exponent(e: &[u8]) -> bool {
    let value = e.iter().try_fold(0_u64, |sum, byte| {
        sum.checked_mul(256).map(|sum| sum + u64::from(*byte))
    });
    e.first() != Some(&0) && value.is_some_and(|e| e % 2 == 1 && (3..1 << 33).contains(&e))
}

/// The thumbprint of an Ed25519 key (RFC 7638, RFC 8037 §2): its id wherever it goes.
pub(crate) fn ed25519_thumbprint(x: &[u8]) -> String {
    let json = format!(
        r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
        encoding::encode(x)
    );
    encoding::encode(digest::digest(&digest::SHA256, json.as_bytes()).as_ref())
}

impl fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerificationKey")
            .field("kid", &self.kid)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        // RFC 8037, appendices A.2 and A.3.
        let x = encoding::decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        assert_eq!(
            ed25519_thumbprint(&x),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn weak_exponents_are_refused() {
        for sound in [&[3][..], &[1, 0, 1]] {
            assert!(is_sound_exponent(sound));
        }
        for unsound in [
            &[][..],
            &[1],
            &[2],
            &[0, 3],
            &[1, 0, 0],
            &[2, 0, 0, 0, 1],
            &[255; 9],
        ] {
            assert!(!is_sound_exponent(unsound), "{unsound:?}");
        }
    }
}
