//! What the host hands to a module's hooks.

mod init;
mod service;
mod start;

use goplt_core::{Code, ModuleName};

pub use self::{
    init::InitContext,
    service::ServiceContexts,
    start::{StartContext, StopContext},
};

/// The module's manifest does not say why it works across tenants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the manifest of `{module}` declares no `host: {{ reason: …, tables: […] }}`")]
pub struct HostScopeError {
    module: ModuleName,
}

impl HostScopeError {
    pub(crate) fn new(module: ModuleName) -> Self {
        Self { module }
    }

    /// [`Code::FailedPrecondition`].
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::FailedPrecondition
    }
}

/// The methods that all contexts of a module have; each holds `cell: ModuleCell`.
macro_rules! shared_methods {
    () => {
        /// The module.
        #[must_use]
        pub fn module(&self) -> &goplt_core::ModuleName {
            self.cell.manifest().name()
        }

        /// The module's manifest.
        #[must_use]
        pub fn manifest(&self) -> &goplt_core::manifest::Manifest {
            self.cell.manifest()
        }

        /// The database. A transaction needs a scope: a request's, or one of
        /// [`service_contexts`](Self::service_contexts).
        #[must_use]
        pub fn db(&self) -> goplt_core::data::TenantDb {
            self.cell.host.db.clone()
        }

        /// The module's settings: the `Config` that `include_manifest!` makes.
        #[must_use]
        pub fn config<C: goplt_core::config::ModuleConfig>(&self) -> C {
            self.cell.host.config.get()
        }

        /// Where the process runs: development, production, or another name.
        #[must_use]
        pub fn environment(&self) -> &goplt_core::config::Environment {
            self.cell.host.config.environment()
        }

        /// The health of the process: register what the module depends on.
        #[must_use]
        pub fn health(&self) -> &goplt_core::health::Health {
            &self.cell.host.health
        }

        /// The numbers of the process: make the module's own counters here.
        #[must_use]
        pub fn metrics(&self) -> &goplt_core::telemetry::Metrics {
            &self.cell.host.metrics
        }

        /// Takes reports of errors that no caller will hear of, without waiting. The host reports by itself what
        /// requests are answered with 5xx, dead letters, failed jobs, hooks and tasks.
        #[must_use]
        pub fn reporter(&self) -> &goplt_core::report::Reporter {
            &self.cell.host.reporter
        }

        /// The right to read and write the tables under `host` in the manifest, across tenants.
        ///
        /// # Errors
        ///
        /// [`HostScopeError`](crate::HostScopeError) if the manifest declares no `host`.
        pub fn host_scope(&self) -> Result<goplt_core::data::HostScope, crate::HostScopeError> {
            self.cell.host_scope()
        }

        /// The host's clock.
        #[must_use]
        pub fn clock(&self) -> goplt_core::Clock {
            self.cell.host.clock.clone()
        }

        /// The host's randomness.
        #[must_use]
        pub fn random(&self) -> goplt_core::Random {
            self.cell.host.random.clone()
        }

        /// Makes ids in order of time, one order for the whole host.
        #[must_use]
        pub fn ids(&self) -> goplt_core::id::Ids {
            self.cell.host.ids.clone()
        }

        /// What sends mail. Called by jobs: a mail that a transaction wants is enqueued with it.
        #[must_use]
        pub fn mailer(&self) -> std::sync::Arc<dyn goplt_core::mail::Mailer> {
            std::sync::Arc::clone(&self.cell.host.mailer)
        }

        /// What decides over permissions: the policy that the assembly gave to the host.
        #[must_use]
        pub fn authorizer(&self) -> std::sync::Arc<dyn goplt_core::Authorizer> {
            std::sync::Arc::clone(&self.cell.host.authorizer)
        }

        /// The permissions and default roles of all modules of the host.
        #[must_use]
        pub fn catalogue(&self) -> std::sync::Arc<crate::Catalogue> {
            std::sync::Arc::clone(&self.cell.host.catalogue)
        }

        /// The folder where the host keeps its files. It exists.
        #[must_use]
        pub fn data_dir(&self) -> &std::path::Path {
            &self.cell.host.data_dir
        }

        /// Spawns background tasks that the host cancels and awaits.
        #[must_use]
        pub fn tasks(&self) -> crate::Tasks {
            self.cell.host.tasks.for_module(self.module().clone())
        }

        /// Makes contexts in which the module acts for itself, in any tenant.
        #[must_use]
        pub fn service_contexts(&self) -> crate::ServiceContexts {
            self.cell.host.service_contexts(self.module().as_str())
        }
    };
}

pub(crate) use shared_methods;
