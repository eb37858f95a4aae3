//! The host: one process that runs one module or many.

mod builder;
mod context;
mod data_dir;
mod database;
mod edge;
mod error;
mod hook;
mod migrate;
mod run;
mod running;
mod settings;
mod shared;
mod start;
mod workers;

use std::{fmt, sync::Arc};

use goplt_core::{config::Config, telemetry::Telemetry};

use crate::{Catalogue, Registry};

use self::builder::Parts;
pub use self::{
    builder::HostBuilder,
    context::HostContext,
    data_dir::DataDirError,
    edge::{EdgeContext, EdgeLayer},
    error::{StartCause, StartError, StopError},
    hook::{Hook, HookError, HookFailure, HookTiming},
    migrate::Migrated,
    run::RunError,
    running::RunningHost,
};
pub(crate) use self::{
    hook::panic_text,
    shared::{ModuleCell, Shared},
    workers::Workers,
};

/// A checked composition: modules in their order, their configuration, and what the assembly gave.
///
/// Nothing has been started; dropping it undoes nothing because nothing was done.
///
/// # Examples
///
/// ```
/// use goplt_module::Host;
///
/// let host = Host::builder().build()?;
/// assert!(host.modules().is_empty());
/// # Ok::<_, goplt_module::StartupReport>(())
/// ```
pub struct Host {
    registry: Arc<Registry>,
    catalogue: Arc<Catalogue>,
    config: Config,
    parts: Parts,
}

impl Host {
    /// Begins an empty list.
    pub fn builder() -> HostBuilder {
        HostBuilder::new()
    }

    fn new(registry: Registry, catalogue: Catalogue, config: Config, parts: Parts) -> Self {
        let (registry, catalogue) = (Arc::new(registry), Arc::new(catalogue));
        Self {
            registry,
            catalogue,
            config,
            parts,
        }
    }

    /// Has the host export its metrics by what the process exports, and flush it when it stops.
    ///
    /// The assembly does so by itself.
    #[must_use]
    pub fn with_telemetry(mut self, telemetry: Telemetry) -> Self {
        self.parts.telemetry = telemetry;
        self
    }

    /// The modules, in the order in which they are initialised.
    #[must_use]
    pub fn modules(&self) -> &Registry {
        &self.registry
    }

    /// The permissions and default roles of all modules.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("modules", &self.registry)
            .finish_non_exhaustive()
    }
}
