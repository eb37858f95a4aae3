//! [`DatabaseSettings`]: where the database is, and how many may use it at once.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::{TenantId, id::PlacementName};

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
    host_url: Option<SecretString>,
    owner_url: Option<SecretString>,
    search_path: Vec<String>,
    max_connections: u32,
    max_idle_connections: u32,
    max_lifetime: Duration,
    acquire_timeout: Duration,
    longest_statement: Duration,
    placements: Vec<Placed>,
}

/// A database beside this one, and whose it is.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) name: PlacementName,
    pub(super) settings: DatabaseSettings,
    pub(super) tenants: Vec<TenantId>,
}

impl DatabaseSettings {
    /// With this URL: `sqlite:PATH`, relative to the working directory, or `sqlite::memory:` for
    /// tests (a file of its own in the system's folder for temporary files, removed at the end), or
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE` with the role that serves requests.
    ///
    /// At most 25 connections, 5 of them kept while nobody needs them, each for half an hour, and 3
    /// seconds to wait for one and five minutes for a statement, until set otherwise.
    pub fn new(url: impl Into<SecretString>) -> Self {
        Self {
            url: url.into(),
            host_url: None,
            owner_url: None,
            search_path: Vec::new(),
            max_connections: 25,
            max_idle_connections: 5,
            max_lifetime: Duration::from_secs(30 * 60),
            acquire_timeout: Duration::from_secs(3),
            placements: Vec::new(),
            longest_statement: Duration::from_secs(5 * 60),
        }
    }

    /// A database of its own, empty, gone with the last handle: for tests.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new("sqlite::memory:")
    }

    /// The same database on PostgreSQL, with the role for work across tenants. It gets a small pool
    /// of its own. SQLite has no roles and needs none.
    #[must_use]
    pub fn with_host_url(mut self, url: impl Into<SecretString>) -> Self {
        self.host_url = Some(url.into());
        self
    }

    /// The same database on PostgreSQL, with the role that owns the tables: for migrations alone.
    #[must_use]
    pub fn with_owner_url(mut self, url: impl Into<SecretString>) -> Self {
        self.owner_url = Some(url.into());
        self
    }

    /// The schemas of PostgreSQL that tables are looked for in: `goplt`, then each module's.
    #[must_use]
    pub fn with_search_path<S: Into<String>>(
        mut self,
        schemas: impl IntoIterator<Item = S>,
    ) -> Self {
        self.search_path = schemas.into_iter().map(Into::into).collect();
        self
    }

    /// Beside this database, the home, another one of the same kind, where all rows of these tenants
    /// are. It has connections of its own, and looks for tables in the same schemas unless its
    /// settings name others.
    ///
    /// A placement without tenants is ready for those to come.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
    /// use goplt_core::data::{DatabaseSettings, ScopeMint, TenantDb};
    ///
    /// let settings = DatabaseSettings::in_memory().with_placement(
    ///     "big".parse()?,
    ///     DatabaseSettings::in_memory(),
    ///     ["globex".parse()?],
    /// );
    /// let db = TenantDb::open(&settings, &ScopeMint::new()).await?;
    /// assert_eq!(db.databases().count(), 2);
    /// # Ok::<_, goplt_core::BoxError>(()) })?;
    /// # Ok::<_, goplt_core::BoxError>(())
    /// ```
    #[must_use]
    pub fn with_placement(
        mut self,
        name: PlacementName,
        settings: Self,
        tenants: impl IntoIterator<Item = TenantId>,
    ) -> Self {
        self.placements.push(Placed {
            name,
            settings,
            tenants: tenants.into_iter().collect(),
        });
        self
    }

    /// How many connections may be open at once.
    ///
    /// SQLite uses one to write and at most eight to read. On PostgreSQL the role for work across
    /// tenants has up to five more.
    #[must_use]
    pub const fn with_max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections;
        self
    }

    /// How many connections to PostgreSQL stay open while nobody needs them. More than that are
    /// closed when they have not been used for half a minute.
    #[must_use]
    pub const fn with_max_idle_connections(mut self, connections: u32) -> Self {
        self.max_idle_connections = connections;
        self
    }

    /// How old a connection to PostgreSQL may become before it is replaced by a fresh one.
    #[must_use]
    pub const fn with_max_lifetime(mut self, lifetime: Duration) -> Self {
        self.max_lifetime = lifetime;
        self
    }

    /// How long `begin` waits for a connection before it answers "unavailable".
    #[must_use]
    pub const fn with_acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// How long one statement, or a commit, of PostgreSQL may take where no deadline of a request is
    /// nearer: work across tenants has none, and no commit has. It is what ends the wait for a
    /// server whose machine is gone without a word; the connection is given up, and the error says
    /// "unavailable". Of a commit it is then not known whether it was done.
    #[must_use]
    pub const fn with_longest_statement(mut self, longest: Duration) -> Self {
        self.longest_statement = longest;
        self
    }

    /// Where the database is; may hold a password.
    #[must_use]
    pub const fn url(&self) -> &SecretString {
        &self.url
    }

    /// As [`with_host_url`](Self::with_host_url) has it; may hold a password.
    #[must_use]
    pub const fn host_url(&self) -> Option<&SecretString> {
        self.host_url.as_ref()
    }

    /// As [`with_owner_url`](Self::with_owner_url) has it; may hold a password.
    #[must_use]
    pub const fn owner_url(&self) -> Option<&SecretString> {
        self.owner_url.as_ref()
    }

    /// The schemas that tables are looked for in.
    #[must_use]
    pub fn search_path(&self) -> &[String] {
        &self.search_path
    }

    pub(super) fn placements(&self) -> &[Placed] {
        &self.placements
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

    /// How many connections stay open while nobody needs them.
    #[must_use]
    pub const fn max_idle_connections(&self) -> u32 {
        self.max_idle_connections
    }

    /// How old a connection may become.
    #[must_use]
    pub const fn max_lifetime(&self) -> Duration {
        self.max_lifetime
    }

    /// How long a statement may take.
    #[must_use]
    pub const fn longest_statement(&self) -> Duration {
        self.longest_statement
    }

    /// How long `begin` waits for a connection.
    #[must_use]
    pub const fn acquire_timeout(&self) -> Duration {
        self.acquire_timeout
    }
}
