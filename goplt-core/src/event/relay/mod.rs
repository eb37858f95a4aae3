//! [`EventRunner`]: brings events to the groups of this process.
//!
//! One task looks, leases, and writes progress; each key that has something due gets a task that
//! handles its events in order. Rows are found by their state and in leased lanes.

mod clean;
mod deliver;
mod fan_out;
mod held;
mod lanes;
mod list;
mod load;
mod look;
mod numbers;
mod progress;
mod settings;
mod several;
mod span;
mod state;

pub(crate) use self::deliver::cut;
pub use self::settings::EventSettings;

use tokio::time::sleep_until;

use self::state::Relay;
use super::EventHandlers;
use crate::{
    data::{DbError, ScopeMint, TenantDb, on_each},
    error::chain,
    report::Reporter,
    shutdown::ShutdownToken,
};

/// Brings events to the handlers of this process, until the shutdown drains.
///
/// Several may run on one database, in one process or many: they share the lanes. Where tenants are
/// placed in several databases it runs on each of them by itself: one that is away keeps nobody else
/// waiting.
#[derive(Debug, Clone)]
#[must_use = "a runner does nothing until it runs"]
pub struct EventRunner {
    db: TenantDb,
    mint: ScopeMint,
    handlers: EventHandlers,
    settings: EventSettings,
    reporter: Reporter,
}

impl EventRunner {
    /// On this database, whose mint makes the scopes of the handlers.
    pub fn new(db: TenantDb, mint: ScopeMint, handlers: EventHandlers) -> Self {
        Self {
            db,
            mint,
            handlers,
            settings: EventSettings::new(),
            reporter: Reporter::default(),
        }
    }

    /// Reports dead letters and handlers that panic.
    pub fn with_reporter(mut self, reporter: Reporter) -> Self {
        self.reporter = reporter;
        self
    }

    /// With these settings.
    pub const fn with_settings(mut self, settings: EventSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Runs until `shutdown` drains: then the handlers at work finish, progress is written and
    /// the leases are given back. While the database is away it waits and tries again.
    ///
    /// # Cancel safety
    ///
    /// A dropped future loses no event: handlers at work roll back, and what was handled is
    /// known. The leases last until they run out.
    pub async fn run(self, shutdown: ShutdownToken) {
        if !self.db.is_of_several() {
            return self.run_on_one(shutdown).await;
        }
        let on_one = |db| Self { db, ..self.clone() }.run_on_one(shutdown.clone());
        on_each(&self.db, on_one).await;
    }

    async fn run_on_one(self, shutdown: ShutdownToken) {
        let _open = shutdown.hold("events");
        let poll = self.settings.poll;
        let placement = self.db.placement().map(ToString::to_string);
        let mut wake = self.db.seams().events.listen();
        let mut relay = Relay::new(self, shutdown.clone());
        while !shutdown.is_draining() {
            let turn = relay.turn().await;
            let again = turn.unwrap_or_else(|error: DbError| {
                tracing::warn!(error = %chain(&error), placement, "events wait for the database");
                Some(tokio::time::Instant::now() + poll)
            });
            let Some(at) = again else {
                // There is more; but a task that never yields starves the handlers.
                tokio::task::yield_now().await;
                continue;
            };
            tokio::select! {
                () = shutdown.draining() => break,
                () = relay.reported() => {}
                changed = wake.changed() => {
                    // The sender lives in the database that we hold.
                    let _ = changed;
                    relay.look();
                }
                () = sleep_until(at) => {}
            }
        }
        relay.drain().await;
    }
}
