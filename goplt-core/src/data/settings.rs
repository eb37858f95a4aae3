//! [`DatabaseSettings`]: where the database is, and how many may use it at once.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

/// Where the database is, and how many connections and how much patience it gets.
///
/// # Examples
///
/// ```
/// use goplt_core::data::DatabaseSettings;
///
/// let settings = DatabaseSettings::new("sqlite:data/goplt.db").with_max_connections(10);
/// assert_eq!(settings.max_connections(), 10);
/// ```
#[derive(Debug, Clone)]
pub struct DatabaseSettings {
    url: SecretString,
    max_connections: u32,
    acquire_timeout: Duration,
}

impl DatabaseSettings {
    /// With this URL: `sqlite:PATH`, relative to the working directory, or `sqlite::memory:` for
    /// tests (a file of its own in the system's folder for temporary files, removed at the end).
    ///
    /// At most 25 connections, and 3 seconds to wait for one, until set otherwise.
    pub fn new(url: impl Into<SecretString>) -> Self {
        Self {
            url: url.into(),
            max_connections: 25,
            acquire_timeout: Duration::from_secs(3),
        }
    }

    /// A database of its own, empty, gone with the last handle: for tests.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new("sqlite::memory:")
    }

    /// How many connections may be open at once; at least 2 are.
    ///
    /// SQLite uses one to write and at most eight to read.
    #[must_use]
    pub const fn with_max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections;
        self
    }

    /// How long `begin` waits for a connection before it answers "unavailable".
    #[must_use]
    pub const fn with_acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// Where the database is; may hold a password.
    #[must_use]
    pub const fn url(&self) -> &SecretString {
        &self.url
    }

    /// Whether it is a file that one server uses at a time, as SQLite's is.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.url.expose_secret().starts_with("sqlite:")
    }

    /// How many connections may be open at once.
    #[must_use]
    pub const fn max_connections(&self) -> u32 {
        self.max_connections
    }

    /// How long `begin` waits for a connection.
    #[must_use]
    pub const fn acquire_timeout(&self) -> Duration {
        self.acquire_timeout
    }
}
