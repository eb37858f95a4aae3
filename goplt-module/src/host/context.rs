use std::{fmt, net::SocketAddr, path::Path, sync::Arc};

use goplt_core::{
    Clock, Random,
    config::{Config, Environment},
    contract::Contract,
    id::Ids,
};

use super::Shared;
use crate::{Catalogue, ServiceContexts, wiring::Contracts};

/// What a seed or a command of the assembly gets: the started modules' contracts, and contexts to call them in.
#[derive(Clone)]
pub struct HostContext {
    pub(crate) host: Arc<Shared>,
    pub(crate) contracts: Arc<Contracts>,
    pub(crate) contexts: ServiceContexts,
    pub(crate) address: Option<SocketAddr>,
}

impl HostContext {
    /// The contract `C`, if exactly one module provides it.
    #[must_use]
    pub fn get<C: Contract + ?Sized>(&self) -> Option<Arc<C>> {
        self.contracts.optional()
    }

    /// Makes contexts to call contracts in; the principal is the service `seed`, or the name of the command.
    #[must_use]
    pub fn service_contexts(&self) -> &ServiceContexts {
        &self.contexts
    }

    /// The permissions and default roles of all modules.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.host.catalogue
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.host.config
    }

    /// Where the process runs: development, production, or another name.
    #[must_use]
    pub fn environment(&self) -> &Environment {
        self.host.config.environment()
    }

    /// The folder where the host keeps its files. It exists.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.host.data_dir
    }

    /// Where the host will answer; `None` in a command, which serves nothing.
    #[must_use]
    pub const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The host's clock.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.host.clock.clone()
    }

    /// The host's randomness.
    #[must_use]
    pub fn random(&self) -> Random {
        self.host.random.clone()
    }

    /// Makes ids in order of time.
    #[must_use]
    pub fn ids(&self) -> Ids {
        self.host.ids.clone()
    }
}

impl fmt::Debug for HostContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostContext")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
