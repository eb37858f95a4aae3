//! A start under way: from `init` of the first module to the seed.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use goplt_core::{
    audit::RequestRecorder,
    config::kernel::TenancyConfig,
    contract::GuardSettings,
    data::{Instance, migration::HeldMigration},
    error::chain,
};
use tokio::time::Instant;

use super::Purpose;
use crate::{
    InitContext, StartContext,
    host::{
        EdgeContext, HostContext, ModuleCell, Shared, StartCause, Workers,
        builder::Parts,
        database,
        edge::MakeLayer,
        hook::{self, Hook, HookError, HookTiming},
        migrate,
        settings::http_settings,
    },
    http::{self, RouteTable, StackSettings},
    lifecycle::Step,
    wiring::Contracts,
};

/// A start under way.
pub(super) struct Starting {
    pub(super) shared: Arc<Shared>,
    address: Option<SocketAddr>,
    hook_timeout: Duration,
    pub(super) timings: Vec<HookTiming>,
    /// From here on there is something to keep.
    pub(super) has_migrated: bool,
    /// As which it is known to others, if it is to serve.
    pub(super) instance: Option<Instance>,
    /// Migrations that are to be applied later.
    pub(super) held: Vec<HeldMigration>,
}

pub(super) struct Started {
    pub(super) contracts: Arc<Contracts>,
    pub(super) router: Router,
    pub(super) workers: Workers,
}

impl Starting {
    pub(super) fn new(
        shared: Arc<Shared>,
        address: Option<SocketAddr>,
        hook_timeout: Duration,
    ) -> Self {
        Self {
            shared,
            address,
            hook_timeout,
            timings: Vec::new(),
            has_migrated: false,
            instance: None,
            held: Vec::new(),
        }
    }

    pub(super) async fn run(
        &mut self,
        parts: &mut Parts,
        purpose: Purpose,
    ) -> Result<Started, StartCause> {
        let mut routes = RouteTable::new(Arc::clone(&parts.authorizer), parts.mint.clone());
        let mut contracts = Contracts::new(self.guard_settings(parts));
        for (_, supply) in parts.supplied.drain(..) {
            supply(&mut contracts);
        }
        let mut workers = Workers::new(parts.audit);
        self.init_all(&mut contracts, &mut routes, &mut workers)
            .await?;
        self.check_mounted(&routes, &workers)?;
        let recorder = workers.record_requests(&self.shared)?;
        let router = self.edge(routes.into_router(), parts, recorder)?;
        let contracts = Arc::new(contracts);
        if purpose == Purpose::Check {
            return Ok(Started {
                contracts,
                router,
                workers,
            });
        }
        self.migrate(purpose).await?;
        self.start_all().await?;
        if let Some(seed) = parts.seed.take().filter(|_| purpose == Purpose::Serve) {
            let context = HostContext {
                host: Arc::clone(&self.shared),
                contracts: Arc::clone(&contracts),
                contexts: self.shared.service_contexts("seed"),
                address: self.address,
            };
            seed(context).await.map_err(StartCause::Seed)?;
        }
        Ok(Started {
            contracts,
            router,
            workers,
        })
    }

    fn guard_settings(&self, parts: &Parts) -> GuardSettings {
        let settings = GuardSettings::new(Arc::clone(&parts.authorizer))
            .with_metrics(self.shared.metrics.clone());
        if self.shared.config.environment().is_production() {
            return settings.with_open_writes_warned();
        }
        settings
    }

    async fn init_all(
        &mut self,
        contracts: &mut Contracts,
        routes: &mut RouteTable,
        workers: &mut Workers,
    ) -> Result<(), StartCause> {
        let shared = Arc::clone(&self.shared);
        for index in 0..shared.registry.len() {
            shared.registry.step(index, Step::Load);
            let module = shared.registry.module(index);
            let mut cx = InitContext::new(self.cell(index), routes, workers);
            let deadline = Instant::now() + self.hook_timeout;
            // A block, so that a panic before the hook's future is made stays within its fence.
            let work = async { module.init(contracts, &mut cx).await };
            let ran = hook::run(module.module().name(), Hook::Init, deadline, work).await;
            self.record(ran)?;
            self.check_supplied(index, contracts)?;
            shared.registry.step(index, Step::Initialize);
        }
        Ok(())
    }

    async fn start_all(&mut self) -> Result<(), StartCause> {
        let shared = Arc::clone(&self.shared);
        for index in 0..shared.registry.len() {
            let module = shared.registry.module(index);
            let deadline = Instant::now() + self.hook_timeout;
            let cx = StartContext::new(self.cell(index), deadline);
            let work = async { module.on_start(&cx).await };
            let ran = hook::run(module.module().name(), Hook::OnStart, deadline, work).await;
            self.record(ran)?;
            shared.registry.step(index, Step::Start);
        }
        Ok(())
    }

    async fn migrate(&mut self, purpose: Purpose) -> Result<(), StartCause> {
        let shared = Arc::clone(&self.shared);
        let Shared {
            db,
            registry,
            config,
            mint,
            ..
        } = &*shared;
        if matches!(purpose, Purpose::Serve | Purpose::InProcess) {
            let instance = Instance::new(db, mint, name(), &database::migrations(registry));
            // Before it looks at the schema, so that nobody takes something away in between. A database that was
            // never used has nothing to say it in, and nothing to take away.
            if let Err(error) = instance.announce().await {
                tracing::debug!(error = %chain(&error), "this instance could not say that it lives");
            }
            self.instance = Some(instance);
        }
        let migrated = migrate::start(db, registry, config).await;
        self.held = migrated.map_err(StartCause::Migration)?;
        if let Some(instance) = &self.instance {
            instance.announce().await.map_err(StartCause::Database)?;
        }
        self.has_migrated = true;
        database::examine(db, registry, config).await?;
        for index in 0..shared.registry.len() {
            shared.registry.step(index, Step::Migrate);
        }
        Ok(())
    }

    /// Puts the stack around the routes.
    fn edge(
        &self,
        routes: Router,
        parts: &mut Parts,
        recorder: Option<RequestRecorder>,
    ) -> Result<Router, StartCause> {
        let cx = EdgeContext {
            host: Arc::clone(&self.shared),
        };
        let make = |layer, make: Option<MakeLayer>| {
            make.map(|make| make(&cx))
                .transpose()
                .map_err(|source| StartCause::Layer { layer, source })
        };
        let Shared {
            config,
            ids,
            random,
            metrics,
            reporter,
            health,
            ..
        } = &*self.shared;
        let settings = StackSettings {
            http: http_settings(&config.get()),
            ids: ids.clone(),
            random: random.clone(),
            metrics: metrics.clone(),
            reporter: reporter.clone(),
            auth: make("auth", parts.auth.take())?,
            tenant: make("tenant", parts.tenant.take())?,
            recorder,
        };
        let probes = http::probes(health.clone(), metrics.clone());
        let router = http::stack(routes, probes, settings)?;
        Ok(match config.get::<TenancyConfig>().path_prefix {
            Some(path) => http::stack::routed_without(path, router),
            None => router,
        })
    }

    fn record<T>(
        &mut self,
        (timing, result): (HookTiming, Result<T, HookError>),
    ) -> Result<T, HookError> {
        self.timings.push(timing);
        if let Err(error) = &result {
            self.shared.reporter.report_with(|| error.report());
        }
        result
    }

    fn cell(&self, index: usize) -> ModuleCell {
        ModuleCell {
            host: Arc::clone(&self.shared),
            index,
        }
    }
}

/// Where this process runs, for people.
fn name() -> String {
    let host = std::env::var("HOSTNAME")
        .ok()
        .filter(|host| !host.is_empty());
    let host = host.or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok());
    let host = host.as_deref().map_or("an unnamed machine", str::trim);
    format!("{host}, process {}", std::process::id())
}
