use std::time::Duration;

use goplt_core::Code;

/// What the stack and the server are set to; the host fills it from the section `server`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpSettings {
    /// The time for a request, after which it is 504. It is the deadline in its context. 30 s.
    pub timeout: Duration,
    /// The time for the head of a request, from its first byte. 10 s.
    pub header_timeout: Duration,
    /// How long a connection stays open without a request. 75 s.
    pub idle_timeout: Duration,
    /// The most bytes of a request's body. 1 MiB.
    pub body_limit: u64,
    /// The most requests in work at once; more are answered 503. 1,024.
    pub max_in_flight: usize,
    /// The most open connections; more wait to be accepted. 10,000.
    pub max_connections: usize,
    /// Which other origins' pages may call. None.
    pub cors: CorsSettings,
}

/// Cross-origin requests.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CorsSettings {
    /// Origins such as `https://app.example.com`, or `*` alone for all. Empty: CORS is off.
    pub origins: Vec<String>,
    /// Whether browsers may send cookies along; not with `*`.
    pub credentials: bool,
    /// How long browsers keep the answer to a preflight. 1 h.
    pub max_age: Duration,
}

/// A setting of HTTP that cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpSettingsError {
    /// Not the form of an origin.
    #[error(
        "`{origin}` is not an origin: scheme, host and port only, such as `https://app.example.com`"
    )]
    Origin {
        /// What was given.
        origin: String,
    },
    /// `*` among others.
    #[error("the origin `*` stands alone")]
    WildcardAmongOthers,
    /// Every site could act with its visitors' cookies.
    #[error("credentials need named origins, not `*`")]
    CredentialsForAll,
    /// A limit of zero, which would refuse everything.
    #[error("`{key}` must be more than zero")]
    Zero {
        /// The key, `server.timeout` among them.
        key: &'static str,
    },
}

impl HttpSettingsError {
    /// [`Code::InvalidArgument`].
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::InvalidArgument
    }

    /// The key of the configuration that the host takes it from.
    #[must_use]
    pub const fn setting(&self) -> &'static str {
        match self {
            Self::Origin { .. } | Self::WildcardAmongOthers => "server.cors.origins",
            Self::CredentialsForAll => "server.cors.credentials",
            Self::Zero { key } => key,
        }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(30),
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            body_limit: 1024 * 1024,
            max_in_flight: 1024,
            max_connections: 10_000,
            cors: CorsSettings::default(),
        }
    }
}

impl Default for CorsSettings {
    fn default() -> Self {
        Self {
            origins: Vec::new(),
            credentials: false,
            max_age: Duration::from_secs(3600),
        }
    }
}

impl HttpSettings {
    /// Every mistake in the settings.
    ///
    /// # Errors
    ///
    /// The list of them, never empty.
    pub fn check(&self) -> Result<(), Vec<HttpSettingsError>> {
        let mut errors = Vec::new();
        let zeroes = [
            ("server.timeout", self.timeout.is_zero()),
            ("server.header_timeout", self.header_timeout.is_zero()),
            ("server.idle_timeout", self.idle_timeout.is_zero()),
            ("server.max_in_flight", self.max_in_flight == 0),
            ("server.max_connections", self.max_connections == 0),
        ];
        let zeroes = zeroes.into_iter().filter(|(_, is_zero)| *is_zero);
        errors.extend(zeroes.map(|(key, _)| HttpSettingsError::Zero { key }));
        if let Err(error) = super::stack::cors::layer(&self.cors) {
            errors.push(error);
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }
}
