//! Signed messages in compact form (RFC 7515 §7.1): limits, form, header, signature.

use std::borrow::Cow;

use serde::{Deserialize, de::IgnoredAny};

use crate::{
    TokenError, encoding,
    jwks::{KeySet, VerificationKey},
};

/// The longest token that is read, in bytes.
pub(crate) const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// The longest header, in characters of base64url.
const MAX_HEADER_CHARS: usize = 1024;
/// The longest signature: RSA with 8,192 bits.
const MAX_SIGNATURE_BYTES: usize = 1024;

/// What is read of a header. Other members are ignored (RFC 7515 §4), keys in them above all.
#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    alg: Cow<'a, str>,
    #[serde(borrow, default)]
    kid: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    typ: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

/// A message cut at its dots.
struct Compact<'a> {
    /// Header and payload with the dot between: what is signed.
    signed: &'a str,
    header: &'a str,
    payload: &'a str,
    signature: &'a str,
}

/// What a message is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Whatever its header calls it.
    Any,
    /// An access token, and nothing else that the same key may have signed.
    AccessToken,
}

/// The payload, once the signature is found good.
pub(crate) fn verify(keys: &KeySet, token: &str, purpose: Purpose) -> Result<Vec<u8>, TokenError> {
    let compact = Compact::split(token)?;
    let known = keys.iter().find(|key| key.knows_header(compact.header));
    let key = match known {
        Some(key) => key,
        None => judge_header(keys, compact.header, purpose)?,
    };
    let mut buffer = [0; MAX_SIGNATURE_BYTES];
    let signature = encoding::decode_slice(compact.signature, &mut buffer)
        .map_err(|_| TokenError::Malformed)?;
    if !key.verify(compact.signed.as_bytes(), signature) {
        return Err(TokenError::Signature);
    }
    if known.is_none() && purpose == Purpose::AccessToken {
        // An issuer writes the same header for each token of a key: no need to judge it again.
        key.remember_header(compact.header);
    }
    encoding::decode(compact.payload).map_err(|_| TokenError::Malformed)
}

/// The key that the header names, if everything else in it is as it must be.
fn judge_header<'k>(
    keys: &'k KeySet,
    header: &str,
    purpose: Purpose,
) -> Result<&'k VerificationKey, TokenError> {
    let mut buffer = [0; MAX_HEADER_CHARS];
    let header = Header::parse(header, &mut buffer)?;
    if purpose == Purpose::AccessToken && !header.is_of_access_token() {
        return Err(TokenError::Unsupported);
    }
    let key = keys.find(header.kid.as_deref())?;
    // The algorithm is the key's; the header may only agree.
    if header.alg == key.algorithm().as_str() {
        Ok(key)
    } else {
        Err(TokenError::Algorithm)
    }
}

impl<'a> Compact<'a> {
    fn split(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        // From the end, where the way to the dot is short. A further dot ends up in the payload,
        // where base64url refuses it.
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        if header.len() > MAX_HEADER_CHARS {
            return Err(TokenError::TooLong);
        }
        Ok(Self {
            signed,
            header,
            payload,
            signature,
        })
    }
}

impl<'a> Header<'a> {
    fn parse(text: &str, buffer: &'a mut [u8]) -> Result<Self, TokenError> {
        let json = encoding::decode_slice(text, buffer).map_err(|_| TokenError::Malformed)?;
        let header: Self = serde_json::from_slice(json).map_err(|_| TokenError::Malformed)?;
        // RFC 7515 §4.1.11: an extension that must be understood, and none is.
        if header.crit {
            Err(TokenError::Unsupported)
        } else {
            Ok(header)
        }
    }

    /// RFC 8725 §3.11: a token of another kind (logout, proof of possession) is no access token.
    fn is_of_access_token(&self) -> bool {
        let Some(kind) = self.typ.as_deref() else {
            return true;
        };
        // RFC 7515 §4.1.9: `application/` may be left out.
        let kind = match kind.split_once('/') {
            Some((kind, subtype)) if kind.eq_ignore_ascii_case("application") => subtype,
            _ => kind,
        };
        kind.eq_ignore_ascii_case("JWT") || kind.eq_ignore_ascii_case("at+jwt")
    }
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| true)
}
