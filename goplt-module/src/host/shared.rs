//! What every module of a host shares, and the part of it that is one module's.

use std::{path::PathBuf, sync::Arc};

use goplt_core::{
    Authorizer, Clock, Random,
    config::Config,
    data::{HostScope, ScopeMint, TenantDb},
    health::Health,
    id::Ids,
    mail::Mailer,
    manifest::Manifest,
    report::Reporter,
    telemetry::Metrics,
};

use crate::{Catalogue, HostScopeError, Registry, ServiceContexts, Tasks};

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) ids: Ids,
    pub(crate) mint: ScopeMint,
    pub(crate) authorizer: Arc<dyn Authorizer>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) data_dir: PathBuf,
    pub(crate) db: TenantDb,
    pub(crate) health: Health,
    pub(crate) metrics: Metrics,
    pub(crate) reporter: Reporter,
    pub(crate) mailer: Arc<dyn Mailer>,
    pub(crate) tasks: Tasks,
}

/// What the contexts of one module are views of.
#[derive(Clone)]
pub(crate) struct ModuleCell {
    pub(crate) host: Arc<Shared>,
    pub(crate) index: usize,
}

impl Shared {
    pub(crate) fn service_contexts(&self, name: &str) -> ServiceContexts {
        ServiceContexts::new(self.mint.clone(), self.ids.clone(), name)
    }
}

impl ModuleCell {
    pub(crate) fn manifest(&self) -> &Manifest {
        self.host.registry.module(self.index).module().manifest()
    }

    pub(crate) fn host_scope(&self) -> Result<HostScope, HostScopeError> {
        let name = self.manifest().name();
        let Some(host) = self.manifest().host() else {
            return Err(HostScopeError::new(name.clone()));
        };
        Ok(self.host.mint.host_scope(name.clone(), &host.reason))
    }
}
