//! [`JobRunner`]: runs the jobs of this process.
//!
//! One task makes, leases and completes rows; each job runs in a task of its own.

mod claim;
mod cron;
mod finish;
mod numbers;
mod settings;
mod state;
mod work;

pub use self::settings::JobSettings;

use tokio::time::sleep_until;

use self::state::Runner;
use super::JobHandlers;
use crate::{
    data::{DbError, ScopeMint, TenantDb, on_each},
    error::chain,
    report::Reporter,
    shutdown::ShutdownToken,
};

/// Runs the jobs of this process, until the shutdown drains.
///
/// Several may run on one database, in one process or many. Where tenants are placed in several
/// databases it runs on each of them by itself: one that is away keeps nobody else waiting.
/// Schedules are made due in the home database alone.
#[derive(Debug, Clone)]
#[must_use = "a runner does nothing until it runs"]
pub struct JobRunner {
    db: TenantDb,
    mint: ScopeMint,
    handlers: JobHandlers,
    settings: JobSettings,
    reporter: Reporter,
}

impl JobRunner {
    /// On this database, whose mint makes the scopes of the handlers.
    pub fn new(db: TenantDb, mint: ScopeMint, handlers: JobHandlers) -> Self {
        Self {
            db,
            mint,
            handlers,
            settings: JobSettings::new(),
            reporter: Reporter::default(),
        }
    }

    /// Reports jobs that failed for good, and handlers that panic.
    pub fn with_reporter(mut self, reporter: Reporter) -> Self {
        self.reporter = reporter;
        self
    }

    /// With these settings.
    pub const fn with_settings(mut self, settings: JobSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Runs until `shutdown` drains: then the jobs at work finish, or are given back when the
    /// future is dropped first. While the database is away it waits and tries again.
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses no job: those at work are dropped, and run again when their leases
    /// have run out.
    pub async fn run(self, shutdown: ShutdownToken) {
        if !self.db.is_of_several() {
            return self.run_on_one(shutdown).await;
        }
        let on_one = |db| Self { db, ..self.clone() }.run_on_one(shutdown.clone());
        on_each(&self.db, on_one).await;
    }

    async fn run_on_one(self, shutdown: ShutdownToken) {
        let _open = shutdown.hold("jobs");
        let placement = self.db.placement().map(ToString::to_string);
        let poll = self.settings.poll;
        let mut wake = self.db.seams().jobs.listen();
        let mut runner = Runner::new(self);
        while !shutdown.is_draining() {
            let turn = runner.turn().await;
            let at = turn.unwrap_or_else(|error: DbError| {
                tracing::warn!(error = %chain(&error), placement, "jobs wait for the database");
                tokio::time::Instant::now() + poll
            });
            tokio::select! {
                () = shutdown.draining() => break,
                () = runner.ended() => {}
                changed = wake.changed() => {
                    // The sender lives in the database that we hold.
                    let _ = changed;
                    runner.look();
                }
                () = sleep_until(at) => {}
            }
        }
        runner.drain().await;
    }
}
