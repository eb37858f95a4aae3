//! JSON Web Keys as they are read and written (RFC 7517, RFC 7518 §6, RFC 8037 §2).

use serde::{Deserialize, Serialize};

use super::VerificationKey;
use crate::{KeyError, encoding};

/// A key as it was read: nothing checked yet.
#[derive(Deserialize)]
pub(super) struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    k: Option<String>,
}

/// A public key as a set shows it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PublicJwk {
    kty: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    alg: &'static str,
    r#use: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
}

const MAX_KEY_BYTES: usize = 16 * 1024;
const MAX_KID_BYTES: usize = 255;

impl Jwk {
    pub(super) fn parse(json: &[u8]) -> Result<Self, KeyError> {
        if json.len() > MAX_KEY_BYTES {
            return Err(KeyError::TooLarge);
        }
        serde_json::from_slice(json).map_err(|error| KeyError::Malformed(error.into()))
    }

    pub(super) fn is_symmetric(&self) -> bool {
        self.kty == "oct"
    }

    pub(super) fn into_public_key(self) -> Result<VerificationKey, KeyError> {
        self.check_purpose()?;
        let kid = self.kid;
        match (self.kty.as_str(), self.crv.as_deref(), self.alg.as_deref()) {
            ("OKP", Some("Ed25519"), None | Some("EdDSA")) => {
                VerificationKey::ed25519(kid, &number(self.x)?)
            }
            ("EC", Some("P-256"), None | Some("ES256")) => {
                VerificationKey::p256(kid, &number(self.x)?, &number(self.y)?)
            }
            ("RSA", None, None | Some("RS256")) => {
                VerificationKey::rsa(kid, &number(self.n)?, &number(self.e)?)
            }
            ("oct", ..) => Err(KeyError::Symmetric),
            _ => Err(KeyError::Unsupported),
        }
    }

    pub(super) fn into_secret_key(self) -> Result<VerificationKey, KeyError> {
        self.check_purpose()?;
        match (self.kty.as_str(), self.alg.as_deref()) {
            ("oct", Some("HS256")) => VerificationKey::secret(self.kid, &number(self.k)?),
            _ => Err(KeyError::Unsupported),
        }
    }

    /// RFC 7517 §4.2, §4.3: a key for encryption verifies nothing.
    fn check_purpose(&self) -> Result<(), KeyError> {
        let signs = self.r#use.as_deref().is_none_or(|purpose| purpose == "sig");
        let verifies = self
            .key_ops
            .as_ref()
            .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !signs || !verifies {
            return Err(KeyError::Unsupported);
        }
        if self
            .kid
            .as_ref()
            .is_some_and(|kid| kid.is_empty() || kid.len() > MAX_KID_BYTES)
        {
            return Err(KeyError::Unsound);
        }
        Ok(())
    }
}

fn number(member: Option<String>) -> Result<Vec<u8>, KeyError> {
    member
        .and_then(|text| encoding::decode(&text).ok())
        .ok_or(KeyError::Unsound)
}

impl PublicJwk {
    pub(super) fn ed25519(kid: Option<String>, x: &[u8]) -> Self {
        Self {
            crv: Some("Ed25519"),
            x: Some(encoding::encode(x)),
            ..Self::new("OKP", "EdDSA", kid)
        }
    }

    pub(super) fn p256(kid: Option<String>, x: &[u8], y: &[u8]) -> Self {
        let (x, y) = (Some(encoding::encode(x)), Some(encoding::encode(y)));
        Self {
            crv: Some("P-256"),
            x,
            y,
            ..Self::new("EC", "ES256", kid)
        }
    }

    pub(super) fn rsa(kid: Option<String>, n: &[u8], e: &[u8]) -> Self {
        let (n, e) = (Some(encoding::encode(n)), Some(encoding::encode(e)));
        Self {
            n,
            e,
            ..Self::new("RSA", "RS256", kid)
        }
    }

    const fn new(kty: &'static str, alg: &'static str, kid: Option<String>) -> Self {
        Self {
            kty,
            kid,
            alg,
            r#use: "sig",
            crv: None,
            x: None,
            y: None,
            n: None,
            e: None,
        }
    }
}
