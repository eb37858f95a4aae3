//! [`Issuer`]: access tokens of our own.

use std::time::Duration;

use goplt_core::{Clock, Random, TenantId};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use super::Signer;
use crate::{ConfigError, encoding};

/// Issues access tokens in one name for one audience, good for 15 minutes by default.
///
/// # Examples
///
/// ```
/// use goplt_auth::jwt::{Issuer, Signer};
///
/// let issuer = Issuer::new("https://goplt.test", "goplt");
/// let token = issuer.issue(&Signer::generate(), "ada", &"acme".parse()?, &["editor"]);
/// assert_eq!(token.expires_in().as_secs(), 900);
/// assert_eq!(token.expose().split('.').count(), 3);
/// # Ok::<_, goplt_core::id::IdError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Issuer {
    issuer: String,
    audience: String,
    lifetime: Duration,
    clock: Clock,
    random: Random,
}

/// A token, fresh from its [`Issuer`].
#[derive(Debug, Clone)]
pub struct AccessToken {
    token: SecretString,
    expires_in: Duration,
}

#[derive(Serialize)]
struct Body<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    tenant_id: &'a TenantId,
    roles: Vec<&'a str>,
    iat: i64,
    exp: i64,
    jti: String,
}

const DEFAULT_LIFETIME: Duration = Duration::from_secs(15 * 60);
const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

impl Issuer {
    /// In the name of `issuer`, for `audience`.
    #[must_use]
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            lifetime: DEFAULT_LIFETIME,
            clock: Clock::system(),
            random: Random::system(),
        }
    }

    /// How long tokens are good: they cannot be taken back, so this is how long a stolen one is.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Lifetime`] below a second or beyond a day.
    pub fn with_lifetime(mut self, lifetime: Duration) -> Result<Self, ConfigError> {
        if !(Duration::from_secs(1)..=MAX_LIFETIME).contains(&lifetime) {
            return Err(ConfigError::Lifetime);
        }
        self.lifetime = lifetime;
        Ok(self)
    }

    /// Another clock than the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Another source for token ids than the system's.
    #[must_use]
    pub fn with_random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// A token that says: `subject`, in `tenant`, with these roles.
    ///
    /// # Panics
    ///
    /// Never: strings and numbers are JSON.
    pub fn issue<R: AsRef<str>>(
        &self,
        signer: &Signer,
        subject: &str,
        tenant: &TenantId,
        roles: &[R],
    ) -> AccessToken {
        let iat = self.clock.now().as_seconds();
        let lifetime = i64::try_from(self.lifetime.as_secs()).unwrap_or(i64::MAX);
        let body = Body {
            iss: &self.issuer,
            aud: &self.audience,
            sub: subject,
            tenant_id: tenant,
            roles: roles.iter().map(AsRef::as_ref).collect(),
            iat,
            exp: iat.saturating_add(lifetime),
            jti: encoding::encode(&self.random.bytes::<16>()),
        };
        let body = serde_json::to_vec(&body).expect("strings and numbers are JSON");
        AccessToken {
            token: signer.sign(&body).into(),
            expires_in: self.lifetime,
        }
    }
}

impl AccessToken {
    /// The token itself, for the answer to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.token.expose_secret()
    }

    /// How long it is good from when it was issued.
    #[must_use]
    pub fn expires_in(&self) -> Duration {
        self.expires_in
    }
}
