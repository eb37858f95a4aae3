//! [`Verify`]: from credentials to a principal. `goplt-auth` implements it.

use std::fmt;

use crate::{Code, Principal};

/// What a caller showed of itself, not yet verified.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials<'a> {
    /// The token of `Authorization: Bearer` (RFC 6750 §2.1).
    Bearer(&'a str),
}

/// Turns credentials into a principal, from data at hand.
///
/// It is asked on every request, so it neither blocks nor awaits: keys are fetched in the
/// background, and a verifier without fresh enough keys says [`VerifyError::Unavailable`].
/// Calls come concurrently.
///
/// # Examples
///
/// ```
/// use goplt_core::{Credentials, Principal, Verify, VerifyError};
///
/// let fixed = |credentials: Credentials<'_>| match credentials {
///     Credentials::Bearer("open sesame") => Ok(Principal::user("ali")),
///     _ => Err(VerifyError::Invalid),
/// };
/// assert_eq!(fixed.verify(Credentials::Bearer("open sesame")).unwrap().subject(), "ali");
/// ```
pub trait Verify: Send + Sync + 'static {
    /// The principal that the credentials prove.
    ///
    /// # Errors
    ///
    /// [`VerifyError`]; callers outside learn only that they are not authenticated.
    fn verify(&self, credentials: Credentials<'_>) -> Result<Principal, VerifyError>;
}

/// Why credentials prove nobody. An answer to the outside never tells these apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Forged, malformed, of another issuer, or for another audience.
    #[error("the credentials are not valid")]
    Invalid,
    /// Genuine, and past their time.
    #[error("the credentials have expired")]
    Expired,
    /// Genuine, and taken back.
    #[error("the credentials have been revoked")]
    Revoked,
    /// Nothing can be verified now: no keys, or none fresh enough.
    #[error("no fresh keys to verify credentials with")]
    Unavailable,
}

impl VerifyError {
    /// The code of the answer.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Invalid | Self::Expired | Self::Revoked => Code::Unauthenticated,
            Self::Unavailable => Code::Unavailable,
        }
    }
}

impl fmt::Debug for Credentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bearer(_) => f.write_str("Bearer([redacted])"),
        }
    }
}

impl<F> Verify for F
where
    F: Fn(Credentials<'_>) -> Result<Principal, VerifyError> + Send + Sync + 'static,
{
    fn verify(&self, credentials: Credentials<'_>) -> Result<Principal, VerifyError> {
        self(credentials)
    }
}

impl<T: Verify + ?Sized> Verify for std::sync::Arc<T> {
    fn verify(&self, credentials: Credentials<'_>) -> Result<Principal, VerifyError> {
        (**self).verify(credentials)
    }
}

const _: Option<&dyn Verify> = None;
