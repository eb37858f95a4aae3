//! The start: what it opens, its phases in order, and the way back when one fails.

mod kept;
mod phases;

use std::sync::Arc;

use goplt_core::{
    ModuleName,
    audit::HostRecorder,
    config::{Config, kernel::ServerConfig},
    data::{DatabaseSettings, TenantDb},
    health::{Criticality, Health},
    id::Ids,
    report::{Reporter, Reporting},
    shutdown::Shutdown,
    telemetry::{Metrics, TelemetrySettings},
};

use self::phases::{Started, Starting};
use super::{
    Host, RunningHost, Shared, StartCause, StartError,
    builder::Parts,
    data_dir::DataDir,
    database::{database_settings, is_embedded},
    running::Stopping,
    settings::{http_settings, mailer},
    workers::{spawn_host_audit, spawn_instance},
};
use crate::{Tasks, http::Server, lifecycle::Step};

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
    mut host: Host,
    purpose: Purpose,
    shutdown: Shutdown,
) -> Result<RunningHost, StartError> {
    // The port first: a start that cannot have it must not leave a folder behind.
    let server = match purpose {
        Purpose::Serve => Some(listen(&host.config).await.map_err(StartError::early)?),
        Purpose::InProcess | Purpose::Command | Purpose::Check => None,
    };
    let data_dir = open_data_dir(&host.config, purpose).map_err(StartError::early)?;
    let metrics = Metrics::new();
    let (recorder, reads) = match HostRecorder::new(&metrics) {
        Ok(made) => made,
        Err(error) => {
            data_dir.discard();
            return Err(StartError::early(StartCause::Layer {
                layer: "audit",
                source: error.into(),
            }));
        }
    };
    let db = match open_database(&host, purpose, &metrics).await {
        Ok(db) => db.with_host_recorder(recorder),
        Err(cause) => {
            data_dir.discard();
            return Err(StartError::early(cause));
        }
    };
    let telemetry = std::mem::take(&mut host.parts.telemetry);
    telemetry.watch(&metrics);
    let (shared, mut parts, reporting) = share(host, &data_dir, db, metrics, &shutdown);
    let address = server.as_ref().map(Server::local_addr);
    let mut starting = Starting::new(Arc::clone(&shared), address, parts.hook_timeout);
    let outcome = tokio::select! {
        biased;
        outcome = starting.run(&mut parts, purpose) => outcome,
        () = shutdown.draining() => Err(StartCause::Interrupted),
    };
    let mut stopping = Stopping {
        shared,
        shutdown,
        serving: None,
        reporting,
        telemetry,
    };
    match outcome {
        Ok(Started {
            contracts,
            router,
            workers,
        }) => {
            if purpose != Purpose::Check {
                spawn_host_audit(&stopping.shared, reads);
            }
            if let Some(instance) = starting.instance {
                spawn_instance(&stopping.shared, instance, !starting.held.is_empty());
            }
            match purpose {
                Purpose::Serve => {
                    // The lock on the data folder keeps other servers away from a database that is a file.
                    let alone = is_embedded(&stopping.shared.config);
                    workers.spawn(&stopping.shared, alone);
                }
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
                timings: starting.timings,
                data_dir,
            })
        }
        Err(cause) => {
            let started = stopping.started();
            if let Some(instance) = &starting.instance {
                // Whoever cannot say so is gone in a minute.
                let _ = instance.leave().await;
            }
            let stopped = stopping.stop().await;
            if !starting.has_migrated {
                data_dir.discard();
            }
            Err(StartError::rolled_back(cause, started, stopped))
        }
    }
}

async fn listen(config: &Config) -> Result<Server, StartCause> {
    let server: ServerConfig = config.get();
    Ok(Server::bind(&server.host, server.port, http_settings(&server)).await?)
}

fn open_data_dir(config: &Config, purpose: Purpose) -> Result<DataDir, StartCause> {
    let opened = match purpose {
        Purpose::Serve => DataDir::open(config.data_dir()).and_then(DataDir::lock),
        Purpose::InProcess | Purpose::Command => DataDir::open(config.data_dir()),
        Purpose::Check => DataDir::scratch(),
    };
    Ok(opened?)
}

async fn open_database(
    host: &Host,
    purpose: Purpose,
    metrics: &Metrics,
) -> Result<TenantDb, StartCause> {
    let Host { config, parts, .. } = host;
    let settings = match purpose {
        Purpose::Serve | Purpose::InProcess | Purpose::Command => {
            database_settings(config, &host.registry).await?
        }
        Purpose::Check => DatabaseSettings::in_memory(),
    };
    let db = TenantDb::open(&settings, &parts.mint).await;
    let db = db.map_err(StartCause::Database)?;
    Ok(db
        .with_metrics(metrics.clone())
        .with_seams(parts.clock.clone(), parts.random.clone()))
}

/// What all modules share, and what the start itself uses up.
fn share(
    host: Host,
    data_dir: &DataDir,
    db: TenantDb,
    metrics: Metrics,
    shutdown: &Shutdown,
) -> (Arc<Shared>, Parts, Reporting) {
    let Host {
        registry,
        catalogue,
        config,
        mut parts,
    } = host;
    let telemetry: TelemetrySettings = config.get();
    let reports = std::mem::take(&mut parts.reports)
        .with_capacity(telemetry.error_queue)
        .with_interval(telemetry.error_interval);
    let (reporter, reporting) = Reporter::start(reports, &parts.clock, &metrics);
    let mailer = parts.mailer.clone().unwrap_or_else(|| {
        // INVARIANT: `build` refuses a `mail.from` that is none.
        mailer(&config, data_dir.path(), parts.clock.clone())
            .expect("the address of `mail.from` was checked")
    });
    let shared = Shared {
        mailer,
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
        tasks: Tasks::new(
            const { ModuleName::from_static("host") },
            shutdown.token(),
            reporter.clone(),
        ),
        reporter,
        db,
    };
    shared.register_health();
    (Arc::new(shared), parts, reporting)
}

impl Shared {
    fn set_running(&self) {
        for index in 0..self.registry.len() {
            self.registry.step(index, Step::Run);
        }
        self.health.set_ready(true);
    }

    fn register_health(&self) {
        for db in self.db.databases() {
            // Without the database of a placement, its tenants alone are not served.
            let (name, criticality) = match db.placement() {
                None => ("database".to_owned(), Criticality::Critical),
                Some(placement) => (format!("database.{placement}"), Criticality::NonCritical),
            };
            self.health.register(name, criticality, move || {
                let db = db.clone();
                async move { db.ping().await.map_err(|error| error.to_string()) }
            });
        }
    }
}
