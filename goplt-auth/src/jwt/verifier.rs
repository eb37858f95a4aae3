//! [`JwtVerifier`]: from a token to a principal, with the keys of a handle.

use std::{borrow::Cow, time::Duration};

use goplt_core::{Clock, Credentials, Principal, Timestamp, Verify, VerifyError};

use super::{
    Payload,
    cache::{Entry, TokenCache},
    jws::{self, Purpose},
};
use crate::{
    Claims, ConfigError, TokenError,
    claims::Expectations,
    jwks::{KeyHandle, Snapshot},
};

/// Verifies access tokens of one issuer for one audience.
///
/// It remembers what it verified (8,192 tokens unless told otherwise); a remembered token costs
/// neither signature nor parsing. Time is its clock's, so tests can move it.
///
/// # Examples
///
/// ```
/// use goplt_auth::{jwks::{KeyHandle, KeySet}, jwt::{Issuer, JwtVerifier, Signer}};
/// use goplt_core::{Credentials, Verify};
///
/// let signer = Signer::generate();
/// let keys = KeyHandle::new();
/// keys.publish(KeySet::new([signer.verification_key()])?);
/// let issuer = Issuer::new("https://goplt.test", "goplt");
/// let verifier = JwtVerifier::new(keys, "https://goplt.test", "goplt");
///
/// let token = issuer.issue(&signer, "ada", &"acme".parse()?, &["editor"]);
/// let ada = verifier.verify(Credentials::Bearer(token.expose()))?;
/// assert_eq!((ada.subject(), ada.tenant().unwrap().as_str()), ("ada", "acme"));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct JwtVerifier {
    keys: KeyHandle,
    expect: Expectations,
    tenant_claim: Cow<'static, str>,
    clock: Clock,
    cache: TokenCache,
}

const DEFAULT_LEEWAY: Duration = Duration::from_secs(30);
const MAX_LEEWAY: Duration = Duration::from_secs(300);
const DEFAULT_CACHE: usize = 8_192;

impl JwtVerifier {
    /// With the current keys of `keys`; tokens must name this issuer and this audience.
    #[must_use]
    pub fn new(keys: KeyHandle, issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        let (issuer, audience) = (issuer.into(), audience.into());
        let expect = Expectations {
            issuer,
            audience,
            leeway: DEFAULT_LEEWAY,
        };
        Self {
            keys,
            expect,
            tenant_claim: Cow::Borrowed("tenant_id"),
            clock: Clock::system(),
            cache: TokenCache::new(DEFAULT_CACHE),
        }
    }

    /// The claim that names the tenant, `tenant_id` by default: identity providers call it
    /// `org_id`, `tid` or by a URL of yours. Its value must be a
    /// [`TenantId`](goplt_core::TenantId), or the token is refused. Claims that RFC 7519
    /// registers (`iss`, `sub`, …) and `roles` name no tenant.
    #[must_use]
    pub fn with_tenant_claim(mut self, name: impl Into<String>) -> Self {
        self.tenant_claim = Cow::Owned(name.into());
        self
    }

    /// How far clocks may disagree; 30 s by default.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Leeway`] beyond five minutes.
    pub fn with_leeway(mut self, leeway: Duration) -> Result<Self, ConfigError> {
        if leeway > MAX_LEEWAY {
            return Err(ConfigError::Leeway);
        }
        self.expect.leeway = leeway;
        Ok(self)
    }

    /// Another clock than the system's.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// About how many verified tokens are remembered, rounded up to a power of two, at most
    /// 2²⁰; 0 remembers none. The tokens themselves are kept in memory.
    #[must_use]
    pub fn with_cache_capacity(mut self, tokens: usize) -> Self {
        self.cache = TokenCache::new(tokens);
        self
    }

    /// Checks a token from the beginning, without what is remembered.
    ///
    /// # Errors
    ///
    /// The first reason to refuse it.
    pub fn check(&self, token: &str) -> Result<Claims, TokenError> {
        self.check_with(&self.keys.load(), token, self.clock.now())
    }

    fn check_with(
        &self,
        snapshot: &Snapshot,
        token: &str,
        now: Timestamp,
    ) -> Result<Claims, TokenError> {
        let payload = jws::verify(&snapshot.keys, token, Purpose::AccessToken)?;
        let payload = Payload::parse(&payload, &self.tenant_claim)?;
        Claims::judge(payload, &self.expect, now)
    }

    fn verify_token(&self, token: &str) -> Result<Principal, TokenError> {
        if token.len() > jws::MAX_TOKEN_BYTES {
            return Err(TokenError::TooLong);
        }
        let now = self.clock.now();
        if let Some(principal) = self.cache.get(token, self.keys.generation(), now) {
            return Ok(principal);
        }
        let snapshot = self.keys.load();
        let claims = self.check_with(&snapshot, token, now)?;
        let until = claims.expires_at().plus(self.expect.leeway);
        let principal = Principal::from(claims);
        if self.cache.is_on() {
            let entry = Entry {
                token: token.into(),
                principal: principal.clone(),
                until,
                generation: snapshot.generation,
            };
            self.cache.insert(entry, now);
        }
        Ok(principal)
    }
}

impl Verify for JwtVerifier {
    fn verify(&self, credentials: Credentials<'_>) -> Result<Principal, VerifyError> {
        let refused = match credentials {
            Credentials::Bearer(token) => match self.verify_token(token) {
                Ok(principal) => return Ok(principal),
                Err(error) => error,
            },
            // Another scheme that core may learn is none of ours.
            _ => return Err(VerifyError::Invalid),
        };
        tracing::debug!(reason = %refused, "a token is refused");
        Err(refused.into())
    }
}
