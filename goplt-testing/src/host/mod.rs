//! [`TestHost`]: modules under test, in the test's own process.

mod builder;

use std::{fmt, sync::Arc};

use axum::Router;
use goplt_auth::jwt::{Issuer, Signer};
use goplt_authz::PolicyHandle;
use goplt_core::{BoxError, TenantId, contract::Contract};
use goplt_module::{HostContext, RunningHost};
use tempfile::TempDir;

pub use self::builder::TestHostBuilder;
use crate::Caller;

/// Modules under test: see the [crate docs](crate).
///
/// Its folder goes with it; [`stop`](Self::stop) it to run the modules' `on_stop`.
pub struct TestHost {
    pub(crate) running: RunningHost,
    pub(crate) router: Router,
    pub(crate) policy: PolicyHandle,
    pub(crate) issuer: Issuer,
    pub(crate) signer: Signer,
    _folder: TempDir,
}

impl TestHost {
    /// A host without modules yet.
    pub fn builder() -> TestHostBuilder {
        TestHostBuilder::new()
    }

    /// A user with a token of this tenant and without any permission.
    ///
    /// # Panics
    ///
    /// If `tenant` is no tenant id.
    #[must_use]
    pub fn user(&self, subject: &str, tenant: &str) -> Caller<'_> {
        Caller::user(self, subject, parse(tenant))
    }

    /// Someone without credentials, who names a tenant by header.
    ///
    /// # Panics
    ///
    /// If `tenant` is no tenant id.
    #[must_use]
    pub fn anonymous(&self, tenant: &str) -> Caller<'_> {
        Caller::anonymous(self, parse(tenant))
    }

    /// The contract `C` as any module would hold it, if a module provides it.
    #[must_use]
    pub fn get<C: Contract + ?Sized>(&self) -> Option<Arc<C>> {
        self.running.get()
    }

    /// Contexts to call contracts in, as the service `test`; ids, clock, folder.
    #[must_use]
    pub fn context(&self) -> HostContext {
        self.running.context("test")
    }

    /// Stops the modules in order.
    ///
    /// # Errors
    ///
    /// If an `on_stop` fails, or something does not end in time.
    pub async fn stop(self) -> Result<(), BoxError> {
        drop(self.router);
        Ok(self.running.stop().await?)
    }
}

fn parse(tenant: &str) -> TenantId {
    tenant.parse().unwrap_or_else(|error| panic!("{error}"))
}

impl fmt::Debug for TestHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestHost").finish_non_exhaustive()
    }
}
