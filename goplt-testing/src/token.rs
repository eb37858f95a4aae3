//! [`TokenMint`]: real tokens for tests, with or without a host.

use std::{fmt, sync::Arc, time::Duration};

use goplt_auth::{
    AuthLayer,
    jwks::{KeyHandle, KeySet},
    jwt::{Issuer, JwtVerifier, Signer},
};
use goplt_core::{Clock, TenantId};

/// Makes tokens, and what verifies them: a key pair that exists for one test.
///
/// A [`TestHost`](crate::TestHost) has one of its own; alone it serves to test an application that
/// has only the layers.
///
/// # Examples
///
/// ```
/// use goplt_core::verify::{Credentials, Verify};
/// use goplt_testing::TokenMint;
///
/// let mint = TokenMint::new();
/// let token = mint.token("ada", "acme");
/// let ada = mint.verifier().verify(Credentials::Bearer(&token))?;
/// assert_eq!((ada.subject(), ada.tenant().unwrap().as_str()), ("ada", "acme"));
///
/// let stranger = TokenMint::new().token("ada", "acme");
/// assert!(mint.verifier().verify(Credentials::Bearer(&stranger)).is_err());
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TokenMint {
    signer: Arc<Signer>,
    keys: KeyHandle,
    issuer: Issuer,
    names: (String, String),
    clock: Clock,
}

/// The name and the audience of tokens in tests.
const ISSUER: &str = "goplt-testing";

impl TokenMint {
    /// With a fresh key; issuer and audience are `goplt-testing`.
    #[must_use]
    pub fn new() -> Self {
        Self::named(ISSUER, ISSUER)
    }

    /// With a fresh key, in the name of `issuer`, for `audience`.
    ///
    /// # Panics
    ///
    /// Never: a fresh key is sound.
    #[must_use]
    pub fn named(issuer: &str, audience: &str) -> Self {
        let signer = Signer::generate();
        let keys = KeyHandle::new();
        let set = KeySet::new([signer.verification_key()]).expect("a fresh key is sound");
        keys.publish(set);
        Self {
            signer: Arc::new(signer),
            keys,
            issuer: Issuer::new(issuer, audience),
            names: (issuer.to_owned(), audience.to_owned()),
            clock: Clock::system(),
        }
    }

    /// With another clock than the system's: tokens are issued and judged by it.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.issuer = self.issuer.with_clock(clock.clone());
        self.clock = clock;
        self
    }

    /// With tokens that are good for this long, rather than 15 minutes.
    ///
    /// # Panics
    ///
    /// Below a second or beyond a day.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.issuer = self
            .issuer
            .with_lifetime(lifetime)
            .unwrap_or_else(|error| panic!("{error}"));
        self
    }

    /// A token of this user in this tenant.
    ///
    /// # Panics
    ///
    /// If `tenant` is no tenant id.
    #[must_use]
    pub fn token(&self, subject: &str, tenant: &str) -> String {
        self.token_with_roles(subject, tenant, &[])
    }

    /// A token that also names roles.
    ///
    /// # Panics
    ///
    /// If `tenant` is no tenant id.
    #[must_use]
    pub fn token_with_roles(&self, subject: &str, tenant: &str, roles: &[&str]) -> String {
        let tenant: TenantId = tenant.parse().unwrap_or_else(|error| panic!("{error}"));
        let token = self.issuer.issue(&self.signer, subject, &tenant, roles);
        token.expose().to_owned()
    }

    /// The public keys, for a verifier with settings of its own.
    #[must_use]
    pub fn keys(&self) -> KeyHandle {
        self.keys.clone()
    }

    /// What accepts the tokens of this mint and no others.
    #[must_use]
    pub fn verifier(&self) -> JwtVerifier {
        let (issuer, audience) = &self.names;
        JwtVerifier::new(self.keys(), issuer, audience).with_clock(self.clock.clone())
    }

    /// The layer that accepts the tokens of this mint and no others.
    pub fn layer(&self) -> AuthLayer<JwtVerifier> {
        AuthLayer::new(self.verifier())
    }
}

impl Default for TokenMint {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TokenMint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenMint")
            .field("issuer", &self.names.0)
            .finish_non_exhaustive()
    }
}
