//! [`TestHostBuilder`]: which modules, which fakes, which settings.

use std::{fmt, sync::Arc};

use goplt_auth::{
    AuthLayer,
    jwks::{KeyHandle, KeySet},
    jwt::{Issuer, JwtVerifier, Signer},
};
use goplt_authz::{PolicyHandle, TenantLayer};
use goplt_core::{BoxError, config::Sources, contract::Contract};
use goplt_module::{Host, HostBuilder, IModule};

use super::TestHost;

/// The name and the audience of tokens in tests.
const ISSUER: &str = "goplt-testing";

/// What a [`TestHost`] is made of.
#[must_use = "a builder builds nothing until `start`"]
pub struct TestHostBuilder {
    host: HostBuilder,
    settings: Vec<String>,
    policy: PolicyHandle,
}

impl TestHostBuilder {
    pub(super) fn new() -> Self {
        Self {
            host: Host::builder(),
            settings: Vec::new(),
            policy: PolicyHandle::new(),
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
        let sources = Sources::new(folder.path()).with_set(settings);
        let keys = KeyHandle::new();
        let signer = Signer::generate();
        keys.publish(KeySet::new([signer.verification_key()])?);
        let verifier = JwtVerifier::new(keys, ISSUER, ISSUER);
        let host = self
            .host
            .sources(sources)
            .auth(AuthLayer::new(verifier))
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
            issuer: Issuer::new(ISSUER, ISSUER),
            signer,
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
