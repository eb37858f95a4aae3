//! [`TestHostBuilder`]: which modules, which fakes, which settings.

use std::{fmt, sync::Arc};

use goplt_authz::{PolicyHandle, TenantLayer};
use goplt_core::{
    BoxError, Clock, Random, Timestamp, config::Sources, contract::Contract, data::ScopeMint,
};
use goplt_module::{Host, HostBuilder, IModule};

use super::{TestDatabase, TestHost, frozen::Frozen};
use crate::TokenMint;

/// What a [`TestHost`] is made of.
#[must_use = "a builder builds nothing until `start`"]
pub struct TestHostBuilder {
    host: HostBuilder,
    settings: Vec<String>,
    policy: PolicyHandle,
    tokens: TokenMint,
    database: Option<TestDatabase>,
    placed: Vec<(String, Option<TestDatabase>)>,
    is_frozen: bool,
}

impl TestHostBuilder {
    pub(super) fn new() -> Self {
        Self {
            host: Host::builder(),
            settings: Vec::new(),
            policy: PolicyHandle::new(),
            tokens: TokenMint::new(),
            database: None,
            placed: Vec::new(),
            is_frozen: false,
        }
    }

    /// Adds a module under test.
    pub fn module(mut self, module: impl IModule) -> Self {
        self.host = self.host.module(module);
        self
    }

    /// Provides a contract that a module needs: a fake, mostly.
    pub fn supply<C: Contract + ?Sized>(mut self, provider: Arc<C>) -> Self {
        self.host = self.host.supply(provider);
        self
    }

    /// Says that a module on which one under test depends is replaced by what is supplied.
    ///
    /// # Panics
    ///
    /// If `module` or `version` has not the form of one.
    pub fn outside(mut self, module: &str, version: &str) -> Self {
        let module = module.parse().unwrap_or_else(|error| panic!("{error}"));
        let version = version.parse().unwrap_or_else(|error| panic!("{error}"));
        self.host = self.host.outside(module, version);
        self
    }

    /// Sets a value of the configuration, as in `blog.max_content=10`.
    pub fn set(mut self, setting: impl Into<String>) -> Self {
        self.settings.push(setting.into());
        self
    }

    /// The policy, when a module under test keeps it; otherwise the host has its own, which
    /// [`Caller::with_grants`](crate::Caller::with_grants) fills.
    pub fn policy(mut self, policy: PolicyHandle) -> Self {
        self.policy = policy;
        self
    }

    /// What makes the tokens of its callers, when the test needs it before there is a host.
    pub fn tokens(mut self, tokens: TokenMint) -> Self {
        self.tokens = tokens;
        self
    }

    /// Another clock than the system's, for the modules and for tokens.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.host = self.host.clock(clock.clone());
        self.tokens = self.tokens.with_clock(clock);
        self
    }

    /// The same randomness at each run.
    pub fn random(mut self, random: Random) -> Self {
        self.host = self.host.random(random);
        self
    }

    /// A clock that stands at `start` and moves only by [`TestHost::advance`]; for tests under
    /// `#[tokio::test(start_paused = true)]`.
    pub fn frozen_at(mut self, start: Timestamp) -> Self {
        self.is_frozen = true;
        self.clock(Clock::starting_at(start))
    }

    /// On PostgreSQL, rather than on SQLite.
    #[cfg(feature = "postgres")]
    #[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
    pub fn postgres(mut self, database: crate::backend::postgres::Database) -> Self {
        self.database = Some(TestDatabase::Postgres(database));
        self
    }

    /// Places a tenant in a database of its own, on SQLite: nothing else may change for the module.
    pub fn placed(mut self, tenant: &str) -> Self {
        self.placed.push((tenant.to_owned(), None));
        self
    }

    /// Places a tenant in a database of its own, on PostgreSQL.
    #[cfg(feature = "postgres")]
    #[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
    pub fn placed_on(mut self, tenant: &str, database: crate::backend::postgres::Database) -> Self {
        let database = TestDatabase::Postgres(database);
        self.placed.push((tenant.to_owned(), Some(database)));
        self
    }

    /// Checks, initialises, migrates and starts the modules.
    ///
    /// # Errors
    ///
    /// The startup report, or what failed.
    pub async fn start(self) -> Result<TestHost, BoxError> {
        let folder = tempfile::tempdir()?;
        let data_dir = format!("data_dir={}", folder.path().join("data").display());
        let mut settings = self.settings;
        settings.push(data_dir);
        let database = self.database;
        let database = database.unwrap_or_else(|| TestDatabase::in_folder(folder.path()));
        settings.extend(database.settings("database"));
        let mut placed = Vec::new();
        for (tenant, database) in self.placed {
            let database = database.unwrap_or_else(|| TestDatabase::placed(folder.path(), &tenant));
            let section = format!("database.placements.{tenant}");
            settings.extend(database.settings(&section));
            settings.push(format!("{section}.tenants={tenant}"));
            placed.push((tenant, database));
        }
        let sources = Sources::new(folder.path()).with_set(settings);
        let frozen = self.is_frozen.then(Frozen::new);
        let mint = ScopeMint::new();
        let host = self
            .host
            .sources(sources)
            .mint(mint.clone())
            .auth(self.tokens.layer())
            .tenant_with(|edge| Ok(TenantLayer::configured(edge.mint(), edge.config())))
            .authorizer(Arc::new(self.policy.clone()))
            .build()?;
        let permissions = host
            .catalogue()
            .permissions()
            .map(|entry| entry.permission.clone());
        self.policy.set_catalogue(permissions.collect::<Vec<_>>());
        let running = host.start_in_process().await?;
        Ok(TestHost {
            router: running.router(),
            running,
            policy: self.policy,
            tokens: self.tokens,
            mint,
            database,
            placed,
            frozen,
            _folder: folder,
        })
    }
}

impl fmt::Debug for TestHostBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestHostBuilder")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
