//! The start: each phase in its order, and the way back when one fails.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use axum::Router;
use goplt_core::{
    ModuleName,
    config::{
        Config,
        kernel::{DatabaseConfig, ServerConfig},
    },
    contract::GuardSettings,
    data::{DatabaseSettings, TenantDb},
    health::{Criticality, Health},
    id::Ids,
    shutdown::Shutdown,
    telemetry::Metrics,
};
use tokio::time::Instant;

use super::{
    EdgeContext, Host, HostContext, ModuleCell, RunningHost, Shared, StartCause, StartError,
    Workers,
    builder::Parts,
    data_dir::DataDir,
    edge::MakeLayer,
    hook::{self, Hook, HookError, HookTiming},
    migrate,
    running::Stopping,
};
use crate::{
    InitContext, Place, ProblemCode, StartContext, StartupProblem, StartupReport, Tasks,
    http::{self, CorsSettings, HttpSettings, RouteTable, Server, StackSettings},
    lifecycle::Step,
    wiring::Contracts,
};

/// What a host is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To answer requests over a listener; one such host per data folder.
    Serve,
    /// To be called in the process: tests.
    InProcess,
    /// To run one command, perhaps beside a server: it leaves events and jobs to that one.
    Command,
    /// To see whether `init` keeps what the manifests say: in a scratch folder, on a database in memory.
    Check,
}

impl Host {
    /// Starts everything and answers requests on the configured address; `server.port: 0` takes a free port.
    ///
    /// # Errors
    ///
    /// [`StartError`]; what had started has been stopped again in reverse order.
    ///
    /// # Cancel safety
    ///
    /// Not cancel safe: a dropped start leaves modules started that nobody stops.
    pub async fn start(self) -> Result<RunningHost, StartError> {
        let shutdown = self.shutdown();
        start(self, Purpose::Serve, shutdown).await
    }

    /// Starts everything without a listener: [`RunningHost::router`] answers requests in the process.
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start).
    ///
    /// # Cancel safety
    ///
    /// As for [`start`](Self::start).
    pub async fn start_in_process(self) -> Result<RunningHost, StartError> {
        let shutdown = self.shutdown();
        start(self, Purpose::InProcess, shutdown).await
    }

    /// As [`start_in_process`](Self::start_in_process), without handling events and jobs.
    pub(crate) async fn start_for_command(self) -> Result<RunningHost, StartError> {
        let shutdown = self.shutdown();
        start(self, Purpose::Command, shutdown).await
    }

    /// Goes as far as a start goes without touching data: `init` of each module in a scratch folder, on an empty
    /// database in memory, so that routes without handler and broken promises are found. What
    /// [`build`](crate::HostBuilder::build) finds has been found before.
    ///
    /// In a binary without SQLite it does nothing.
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start).
    ///
    /// # Cancel safety
    ///
    /// As for [`start`](Self::start).
    pub async fn check(self) -> Result<(), StartError> {
        let shutdown = self.shutdown();
        let started = start(self, Purpose::Check, shutdown).await;
        match started {
            Ok(running) => running.stop().await.map_err(StartError::unclean),
            Err(error) if error.is_without_engine() => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn shutdown(&self) -> Shutdown {
        Shutdown::new(self.config.get::<ServerConfig>().shutdown_grace)
    }
}

pub(crate) async fn start(
    host: Host,
    purpose: Purpose,
    shutdown: Shutdown,
) -> Result<RunningHost, StartError> {
    let Host {
        registry,
        catalogue,
        config,
        mut parts,
    } = host;
    // The port first: a start that cannot have it must not leave a folder behind.
    let server = match purpose {
        Purpose::Serve => Some(listen(&config).await.map_err(StartError::early)?),
        Purpose::InProcess | Purpose::Command | Purpose::Check => None,
    };
    let data_dir = match purpose {
        Purpose::Serve => DataDir::open(config.data_dir()).and_then(DataDir::lock),
        Purpose::InProcess | Purpose::Command => DataDir::open(config.data_dir()),
        Purpose::Check => DataDir::scratch(),
    };
    let data_dir = data_dir.map_err(StartError::early)?;
    let settings = match purpose {
        Purpose::Serve | Purpose::InProcess | Purpose::Command => database_settings(&config),
        Purpose::Check => DatabaseSettings::in_memory(),
    };
    let metrics = Metrics::new();
    let db = match TenantDb::open(&settings, &parts.mint)
        .await
        .map_err(StartCause::Database)
    {
        Ok(db) => db
            .with_metrics(metrics.clone())
            .with_seams(parts.clock.clone(), parts.random.clone()),
        Err(cause) => {
            data_dir.discard();
            return Err(StartError::early(cause));
        }
    };
    let shared = Arc::new(Shared {
        data_dir: data_dir.path().to_owned(),
        config,
        ids: Ids::new(parts.clock.clone(), parts.random.clone()),
        clock: parts.clock.clone(),
        random: parts.random.clone(),
        mint: parts.mint.clone(),
        authorizer: Arc::clone(&parts.authorizer),
        catalogue,
        registry,
        health: Health::new(),
        metrics,
        tasks: Tasks::new(const { ModuleName::from_static("host") }, shutdown.token()),
        db,
    });
    shared.register_health();
    let mut starting = Starting {
        shared: Arc::clone(&shared),
        address: server.as_ref().map(Server::local_addr),
        hook_timeout: parts.hook_timeout,
        timings: Vec::new(),
        has_migrated: false,
    };
    let outcome = tokio::select! {
        biased;
        outcome = starting.run(&mut parts, purpose) => outcome,
        () = shutdown.draining() => Err(StartCause::Interrupted),
    };
    let Starting {
        timings,
        has_migrated,
        address,
        ..
    } = starting;
    let mut stopping = Stopping {
        shared,
        shutdown,
        serving: None,
    };
    match outcome {
        Ok(Started {
            contracts,
            router,
            workers,
        }) => {
            match purpose {
                Purpose::Serve => workers.spawn(&stopping.shared, true),
                Purpose::InProcess => workers.spawn(&stopping.shared, false),
                Purpose::Command | Purpose::Check => {}
            }
            stopping.serving = server.map(|server| server.serve(router.clone()));
            if purpose != Purpose::Check {
                stopping.shared.set_running();
            }
            Ok(RunningHost {
                stopping,
                contracts,
                router,
                address,
                timings,
                data_dir,
            })
        }
        Err(cause) => {
            let started = stopping.started();
            let stopped = stopping.stop().await;
            if !has_migrated {
                data_dir.discard();
            }
            Err(StartError::rolled_back(cause, started, stopped))
        }
    }
}

pub(super) fn database_settings(config: &Config) -> DatabaseSettings {
    let database: DatabaseConfig = config.get();
    let settings = match database.url {
        Some(url) => DatabaseSettings::new(url),
        None => DatabaseSettings::new(sqlite_url(config.data_dir())),
    };
    settings
        .with_max_connections(database.max_connections)
        .with_acquire_timeout(database.acquire_timeout)
}

fn sqlite_url(data_dir: &Path) -> String {
    format!("sqlite:{}", data_dir.join("goplt.db").display())
}

async fn listen(config: &Config) -> Result<Server, StartCause> {
    let server: ServerConfig = config.get();
    Ok(Server::bind(&server.host, server.port, http_settings(&server)).await?)
}

/// What the section `server` says of HTTP.
pub(super) fn http_settings(server: &ServerConfig) -> HttpSettings {
    HttpSettings {
        timeout: server.timeout,
        header_timeout: server.header_timeout,
        idle_timeout: server.idle_timeout,
        body_limit: u64::try_from(server.body_limit).unwrap_or(u64::MAX),
        max_in_flight: server.max_in_flight,
        max_connections: server.max_connections,
        cors: CorsSettings {
            origins: server.cors.origins.clone(),
            credentials: server.cors.credentials,
            max_age: server.cors.max_age,
        },
    }
}

/// A start under way.
struct Starting {
    shared: Arc<Shared>,
    address: Option<SocketAddr>,
    hook_timeout: Duration,
    timings: Vec<HookTiming>,
    /// From here on there is something to keep.
    has_migrated: bool,
}

struct Started {
    contracts: Arc<Contracts>,
    router: Router,
    workers: Workers,
}

impl Starting {
    async fn run(&mut self, parts: &mut Parts, purpose: Purpose) -> Result<Started, StartCause> {
        let mut routes = RouteTable::new(Arc::clone(&parts.authorizer), parts.mint.clone());
        let mut contracts = Contracts::new(self.guard_settings(parts));
        for (_, supply) in parts.supplied.drain(..) {
            supply(&mut contracts);
        }
        let mut workers = Workers::default();
        self.init_all(&mut contracts, &mut routes, &mut workers)
            .await?;
        self.check_mounted(&routes, &workers)?;
        let router = self.edge(routes.into_router(), parts)?;
        let contracts = Arc::new(contracts);
        if purpose == Purpose::Check {
            return Ok(Started {
                contracts,
                router,
                workers,
            });
        }
        self.migrate().await?;
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

    async fn migrate(&mut self) -> Result<(), StartCause> {
        let shared = Arc::clone(&self.shared);
        let migrated = migrate::apply(&shared.db, &shared.registry).await;
        migrated.map_err(StartCause::Migration)?;
        self.has_migrated = true;
        for index in 0..shared.registry.len() {
            shared.registry.step(index, Step::Migrate);
        }
        Ok(())
    }

    /// Puts the stack around the routes.
    fn edge(&self, routes: Router, parts: &mut Parts) -> Result<Router, StartCause> {
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
            health,
            ..
        } = &*self.shared;
        let settings = StackSettings {
            http: http_settings(&config.get()),
            ids: ids.clone(),
            random: random.clone(),
            metrics: metrics.clone(),
            auth: make("auth", parts.auth.take())?,
            tenant: make("tenant", parts.tenant.take())?,
        };
        let probes = http::probes(health.clone(), metrics.clone());
        Ok(http::stack(routes, probes, settings)?)
    }

    /// A promise that `Provides` did not keep: only one written by hand can.
    fn check_supplied(&self, index: usize, contracts: &Contracts) -> Result<(), StartCause> {
        let module = self.shared.registry.module(index);
        let problems = module
            .provides()
            .into_iter()
            .filter(|provided| contracts.count(&provided.contract) == 0);
        let manifest = module.module().manifest();
        let problems = problems.map(|provided| {
            let message = format!(
                "promised `{}` and did not hand it over in `init`",
                provided.contract
            );
            StartupProblem::of(ProblemCode::NotSupplied, manifest, message)
                .with_mend("hand it over in `Provides::supply`, or do not declare it there")
        });
        Ok(StartupReport::check(problems.collect())?)
    }

    /// Everything that is declared has a handler, and nothing else has one.
    fn check_mounted(&self, routes: &RouteTable, workers: &Workers) -> Result<(), StartCause> {
        let mut problems = workers.problems(&self.shared.registry);
        for module in self.shared.registry.all() {
            let manifest = module.manifest();
            for id in routes.unmounted(manifest) {
                let Some(route) = manifest.routes().iter().find(|route| route.id == id) else {
                    continue;
                };
                let message = format!(
                    "the route `{} {}` (`{id}`) has no handler",
                    route.method, route.path
                );
                let problem = StartupProblem::of(ProblemCode::NotMounted, manifest, message)
                    .at(Place::in_manifest(manifest, route.mark))
                    .with_mend("mount one in `init`, or take the route out of the manifest");
                problems.push(problem);
            }
        }
        problems.extend(routes.errors().iter().map(|error| {
            StartupProblem::new(
                ProblemCode::Mount,
                crate::Subject::Assembly,
                error.to_string(),
            )
        }));
        Ok(StartupReport::check(problems)?)
    }

    fn record<T>(
        &mut self,
        (timing, result): (HookTiming, Result<T, HookError>),
    ) -> Result<T, HookError> {
        self.timings.push(timing);
        result
    }

    fn cell(&self, index: usize) -> ModuleCell {
        ModuleCell {
            host: Arc::clone(&self.shared),
            index,
        }
    }
}

impl Shared {
    fn set_running(&self) {
        for index in 0..self.registry.len() {
            self.registry.step(index, Step::Run);
        }
        self.health.set_ready(true);
    }

    fn register_health(&self) {
        let db = self.db.clone();
        self.health
            .register("database", Criticality::Critical, move || {
                let db = db.clone();
                async move { db.ping().await.map_err(|error| error.to_string()) }
            });
    }
}
