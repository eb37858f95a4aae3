//! [`RunningHost`], and the stop in its order.

use std::{fmt, net::SocketAddr, sync::Arc};

use axum::Router;
use goplt_core::{
    ModuleName,
    contract::Contract,
    data::TenantDb,
    report::Reporting,
    shutdown::{Interrupted, Shutdown},
    telemetry::Telemetry,
};
use tokio::time::Instant;

use super::{
    HookTiming, HostContext, ModuleCell, Shared, StopError,
    data_dir::DataDir,
    hook::{self, Hook, HookError},
};
use crate::{
    Registry, StopContext,
    http::Serving,
    lifecycle::{ModuleState, Step},
    wiring::Contracts,
};

/// A host whose modules have all started.
///
/// It must be stopped: dropping it closes its listener and runs no `on_stop`.
pub struct RunningHost {
    pub(super) stopping: Stopping,
    pub(super) contracts: Arc<Contracts>,
    pub(super) router: Router,
    pub(super) address: Option<SocketAddr>,
    pub(super) timings: Vec<HookTiming>,
    pub(super) data_dir: DataDir,
}

/// What it takes to stop.
pub(super) struct Stopping {
    pub(super) shared: Arc<Shared>,
    pub(super) shutdown: Shutdown,
    /// `None` without listener.
    pub(super) serving: Option<Serving>,
    pub(super) reporting: Reporting,
    pub(super) telemetry: Telemetry,
}

impl RunningHost {
    /// The modules, in the order in which they were initialised.
    #[must_use]
    pub fn modules(&self) -> &Registry {
        &self.stopping.shared.registry
    }

    /// The contract `C`, guarded as for every consumer, if exactly one module provides it.
    #[must_use]
    pub fn get<C: Contract + ?Sized>(&self) -> Option<Arc<C>> {
        self.contracts.optional()
    }

    /// Every route behind the whole stack of layers, for calls without a network.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Where it answers; `None` without listener.
    #[must_use]
    pub const fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// The database of the host. It opens nothing without a scope, so that whoever has not made the
    /// [mint](crate::HostBuilder::mint) can do nothing with it.
    #[must_use]
    pub fn db(&self) -> TenantDb {
        self.stopping.shared.db.clone()
    }

    /// What a command acts with; `name` is the service that it acts as.
    #[must_use]
    pub fn context(&self, name: &str) -> HostContext {
        HostContext {
            host: Arc::clone(&self.stopping.shared),
            contracts: Arc::clone(&self.contracts),
            contexts: self.stopping.shared.service_contexts(name),
            address: self.address,
        }
    }

    /// How long each hook took, in the order they were called.
    #[must_use]
    pub fn timings(&self) -> &[HookTiming] {
        &self.timings
    }

    /// Stops in order: unready, no new connections, requests in flight answered, background tasks ended, `on_stop` of
    /// each module in reverse order, the database closed. All of it within `server.shutdown_grace`.
    ///
    /// # Errors
    ///
    /// [`StopError`] if a hook failed (the others still ran) or time ran out (it says what it waited for).
    pub async fn stop(self) -> Result<(), StopError> {
        let Self {
            stopping,
            contracts,
            router,
            data_dir,
            ..
        } = self;
        // What modules hold of one another goes before the database closes.
        drop((contracts, router));
        let result = stopping.stop().await;
        drop(data_dir);
        result
    }
}

impl Stopping {
    /// The modules that `stop` will stop, in the order in which it does.
    pub(super) fn started(&self) -> Vec<ModuleName> {
        let registry = &self.shared.registry;
        let started = |index: &usize| {
            matches!(
                registry.state_at(*index),
                ModuleState::Started | ModuleState::Running
            )
        };
        let name = |index: usize| registry.module(index).module().name().clone();
        (0..registry.len())
            .rev()
            .filter(started)
            .map(name)
            .collect()
    }

    pub(super) async fn stop(&self) -> Result<(), StopError> {
        self.shared.health.set_ready(false);
        let mut failures = Vec::new();
        let interrupted = self.stages(&mut failures).await.err();
        // Half of what is left, and never an error of its own: a sink that hangs has had its time.
        let patience = self.shutdown.remaining() / 2;
        self.reporting.drain(patience).await;
        // The last of all, so that it tells of everything above; and no error either.
        self.telemetry.flush(self.shutdown.remaining() / 2).await;
        let connections = match &interrupted {
            Some(_) => self.serving.as_ref().map(Serving::open).unwrap_or_default(),
            None => Vec::new(),
        };
        StopError::check(failures, interrupted, connections)
    }

    async fn stages(&self, failures: &mut Vec<HookError>) -> Result<(), Interrupted> {
        let shutdown = &self.shutdown;
        shutdown.drain();
        if let Some(serving) = &self.serving {
            shutdown
                .stage("finish requests in flight", serving.drain())
                .await?;
        }
        self.shared.tasks.stop();
        shutdown.wait_for_open_work("background tasks").await?;
        for index in (0..self.shared.registry.len()).rev() {
            self.stop_module(index, failures).await?;
        }
        shutdown
            .stage("close the database", self.shared.db.close())
            .await
    }

    async fn stop_module(
        &self,
        index: usize,
        failures: &mut Vec<HookError>,
    ) -> Result<(), Interrupted> {
        let registry = &self.shared.registry;
        registry.step(index, Step::Stop);
        if registry.state_at(index) != ModuleState::Stopping {
            return Ok(());
        }
        let module = registry.module(index);
        let name = module.module().name();
        // Half of what is left: one that hangs leaves time for the others.
        let deadline = Instant::now() + self.shutdown.remaining() / 2;
        let cell = ModuleCell {
            host: Arc::clone(&self.shared),
            index,
        };
        let cx = StopContext::new(cell, deadline);
        let work = async { module.on_stop(&cx).await };
        let work = hook::run(name, Hook::OnStop, deadline, work);
        let (_, result) = self
            .shutdown
            .stage(format!("on_stop of module {name}"), work)
            .await?;
        if let Err(error) = &result {
            self.shared.reporter.report_with(|| error.report());
        }
        failures.extend(result.err());
        registry.step(index, Step::Finish);
        Ok(())
    }
}

impl fmt::Debug for RunningHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningHost")
            .field("modules", self.modules())
            .finish_non_exhaustive()
    }
}
