//! [`KeySet`]: the keys that are good now.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{
    VerificationKey,
    jwk::{Jwk, PublicJwk},
};
use crate::{
    KeyError, TokenError,
    jwt::jws::{self, Purpose},
};

/// Keys by id, never changed after it is made. At most 64.
///
/// # Examples
///
/// ```
/// use goplt_auth::jwks::KeySet;
///
/// // RFC 8037, appendix A.2. Kinds of keys that are not offered are skipped.
/// let keys = KeySet::from_json(br#"{"keys": [
///     {"kty": "OKP", "crv": "Ed25519", "kid": "1",
///      "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
///     {"kty": "OKP", "crv": "X25519", "kid": "2", "x": "AA"}
/// ]}"#)?;
/// assert_eq!(keys.len(), 1);
/// # Ok::<_, goplt_auth::KeyError>(())
/// ```
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<VerificationKey>,
}

#[derive(Deserialize)]
struct Source<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

#[derive(Serialize)]
struct Shown<'a> {
    keys: Vec<&'a PublicJwk>,
}

impl KeySet {
    /// The most keys in a set.
    pub const MAX_KEYS: usize = 64;
    /// The longest JSON that is read, in bytes.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Of these keys.
    ///
    /// # Errors
    ///
    /// [`KeyError::TooLarge`] beyond [`MAX_KEYS`](Self::MAX_KEYS); [`KeyError::AmbiguousId`] if
    /// two have one id, or one of several has none; [`KeyError::Symmetric`] if secret and public
    /// keys are mixed, since a public key must never pass for a secret.
    pub fn new(keys: impl IntoIterator<Item = VerificationKey>) -> Result<Self, KeyError> {
        let keys: Vec<_> = keys.into_iter().take(Self::MAX_KEYS + 1).collect();
        if keys.len() > Self::MAX_KEYS {
            return Err(KeyError::TooLarge);
        }
        let symmetric = keys.iter().filter(|key| key.is_symmetric()).count();
        if symmetric != 0 && symmetric != keys.len() {
            return Err(KeyError::Symmetric);
        }
        let ambiguous = |(at, key): (usize, &VerificationKey)| {
            keys.len() > 1 && key.kid().is_none()
                || keys[..at].iter().any(|other| other.kid() == key.kid())
        };
        if keys.iter().enumerate().any(ambiguous) {
            return Err(KeyError::AmbiguousId);
        }
        Ok(Self { keys })
    }

    /// From a JWK set (RFC 7517 §5). Keys of a kind that is not offered, and keys that are
    /// unsound, are skipped and logged.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new); [`KeyError::Malformed`] if it is no set, and
    /// [`KeyError::Symmetric`] if any key is a secret: what is published is public.
    pub fn from_json(json: &[u8]) -> Result<Self, KeyError> {
        let mut keys = Vec::new();
        for jwk in read(json)? {
            if jwk.is_symmetric() {
                return Err(KeyError::Symmetric);
            }
            match jwk.into_public_key() {
                Ok(key) => keys.push(key),
                Err(error) => tracing::debug!(%error, "a key of the set is skipped"),
            }
        }
        Self::new(keys)
    }

    /// As [`from_json`](Self::from_json), of secret (`oct`) keys only: for tests alone.
    ///
    /// # Errors
    ///
    /// As [`from_json`](Self::from_json), the other way round.
    pub fn insecure_from_secret_json(json: &[u8]) -> Result<Self, KeyError> {
        let jwks = read(json)?;
        if !jwks.iter().all(Jwk::is_symmetric) {
            return Err(KeyError::Symmetric);
        }
        let keys = jwks
            .into_iter()
            .map(Jwk::into_secret_key)
            .collect::<Result<Vec<_>, _>>()?;
        Self::new(keys)
    }

    /// The public keys as a JWK set; secrets are never shown.
    ///
    /// # Panics
    ///
    /// Never: strings are JSON.
    #[must_use]
    pub fn to_json(&self) -> Bytes {
        let keys = self
            .keys
            .iter()
            .filter_map(VerificationKey::public_jwk)
            .collect();
        serde_json::to_vec(&Shown { keys })
            .expect("strings are JSON")
            .into()
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys.
    pub fn iter(&self) -> std::slice::Iter<'_, VerificationKey> {
        self.keys.iter()
    }

    /// The payload of a signed message in compact form (RFC 7515 §7.1), once its signature is
    /// found good. The payload can be anything: for tokens use
    /// [`JwtVerifier`](crate::jwt::JwtVerifier), which also judges the claims.
    ///
    /// # Errors
    ///
    /// [`TokenError`]: too long, malformed, of no key of the set, or wrongly signed.
    pub fn verify_jws(&self, message: &str) -> Result<Vec<u8>, TokenError> {
        jws::verify(self, message, Purpose::Any)
    }

    /// The key of this id; without an id there must be only one key.
    pub(crate) fn find(&self, kid: Option<&str>) -> Result<&VerificationKey, TokenError> {
        let key = match (kid, self.keys.as_slice()) {
            (None, [only]) => Some(only),
            (None, _) => None,
            (kid, keys) => keys.iter().find(|key| key.kid() == kid),
        };
        key.ok_or(if self.is_empty() {
            TokenError::NoKeys
        } else {
            TokenError::UnknownKey
        })
    }
}

impl<'a> IntoIterator for &'a KeySet {
    type Item = &'a VerificationKey;
    type IntoIter = std::slice::Iter<'a, VerificationKey>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

fn read(json: &[u8]) -> Result<Vec<Jwk>, KeyError> {
    if json.len() > KeySet::MAX_BYTES {
        return Err(KeyError::TooLarge);
    }
    let source: Source<'_> =
        serde_json::from_slice(json).map_err(|error| KeyError::Malformed(error.into()))?;
    if source.keys.len() > KeySet::MAX_KEYS {
        return Err(KeyError::TooLarge);
    }
    // RFC 7517 §5: what is no key that we understand is ignored, each by itself.
    Ok(source
        .keys
        .iter()
        .filter_map(|key| Jwk::parse(key.get().as_bytes()).ok())
        .collect())
}
