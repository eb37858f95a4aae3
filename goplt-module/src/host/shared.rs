//! What every module of a host shares, and the part of it that is one module's.

use std::{path::PathBuf, sync::Arc};

use goplt_core::{
    Authorizer, Clock, Random,
    data::{HostScope, ScopeMint},
    id::Ids,
    manifest::Manifest,
};

use crate::{Catalogue, HostScopeError, ServiceContexts, Tasks};

pub(crate) struct Shared {
    pub(crate) clock: Clock,
    pub(crate) random: Random,
    pub(crate) ids: Ids,
    pub(crate) mint: ScopeMint,
    pub(crate) authorizer: Arc<dyn Authorizer>,
    pub(crate) catalogue: Arc<Catalogue>,
    pub(crate) data_dir: PathBuf,
    pub(crate) tasks: Tasks,
}

/// What the contexts of one module are views of.
pub(crate) struct ModuleCell {
    pub(crate) host: Arc<Shared>,
    pub(crate) manifest: Manifest,
}

impl ModuleCell {
    pub(crate) fn host_scope(&self) -> Result<HostScope, HostScopeError> {
        let name = self.manifest.name();
        let Some(host) = self.manifest.host() else {
            return Err(HostScopeError::new(name.clone()));
        };
        Ok(self.host.mint.host_scope(name.clone(), &host.reason))
    }

    pub(crate) fn service_contexts(&self) -> ServiceContexts {
        let Shared { mint, ids, .. } = &*self.host;
        ServiceContexts::for_module(mint.clone(), ids.clone(), self.manifest.name())
    }
}
