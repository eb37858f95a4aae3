//! Why tokens, keys and settings are refused. Callers outside see none of this: 401 is 401.

use goplt_core::{BoxError, Code, VerifyError};

/// Why a token proves nobody: for logs and tests, never for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than 8 KiB, or its header longer than 1 KiB; not looked at further.
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url, or no JSON object inside.
    #[error("the token is malformed")]
    Malformed,
    /// The header names a key that is not in the set, or none where there are several.
    #[error("no key fits the token")]
    UnknownKey,
    /// The header's `alg` is not that of the key.
    #[error("the token's algorithm is not the key's")]
    Algorithm,
    /// The header has `crit`, or a `typ` that is no access token's.
    #[error("the token is of a kind that is not understood")]
    Unsupported,
    /// The signature is not of the key.
    #[error("the signature is wrong")]
    Signature,
    /// A claim is missing, doubled, or of the wrong type.
    #[error("the claim `{0}` is missing or malformed")]
    Claim(&'static str),
    /// Of another issuer.
    #[error("the token is of another issuer")]
    Issuer,
    /// For another audience.
    #[error("the token is for another audience")]
    Audience,
    /// Past its `exp`.
    #[error("the token has expired")]
    Expired,
    /// Before its `nbf`, or issued in the future.
    #[error("the token is not valid yet")]
    NotYet,
    /// There are no keys to verify with.
    #[error("there are no keys yet")]
    NoKeys,
}

impl TokenError {
    /// The code of the answer.
    #[must_use]
    pub const fn code(self) -> Code {
        self.to_verify_error().code()
    }

    pub(crate) const fn to_verify_error(self) -> VerifyError {
        match self {
            Self::Expired => VerifyError::Expired,
            Self::NoKeys => VerifyError::Unavailable,
            _ => VerifyError::Invalid,
        }
    }
}

impl From<TokenError> for VerifyError {
    fn from(error: TokenError) -> Self {
        error.to_verify_error()
    }
}

/// Why a key, or a set of keys, is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not JSON, or not of the form that RFC 7517 gives.
    #[error("the key is malformed")]
    Malformed(#[source] BoxError),
    /// A kind of key, algorithm or use that is not offered: skipped in a set.
    #[error("the key is of a kind that is not offered")]
    Unsupported,
    /// Numbers that are no key: wrong length, not on the curve, too weak.
    #[error("the key's numbers are no sound key")]
    Unsound,
    /// A set larger than 64 KiB or 64 keys.
    #[error("the key set is too large")]
    TooLarge,
    /// Symmetric keys where only public ones may be, or both in one set.
    #[error("the key set has symmetric keys")]
    Symmetric,
    /// Two keys of a set have one id, or one of several has none.
    #[error("the keys of a set need ids of their own")]
    AmbiguousId,
}

impl KeyError {
    /// [`Code::InvalidArgument`]: what gave the key is wrong, whatever the state of the system.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::InvalidArgument
    }
}

/// A setting that cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Leeway beyond five minutes would make expiry a suggestion.
    #[error("a leeway of more than five minutes")]
    Leeway,
    /// A lifetime of zero, or of more than a day.
    #[error("an access token's lifetime is between a second and a day")]
    Lifetime,
}

impl ConfigError {
    /// [`Code::InvalidArgument`].
    #[must_use]
    pub const fn code(self) -> Code {
        Code::InvalidArgument
    }
}
