//! Migrations of a host's modules, in their order.

use std::{fmt, time::Duration};

use goplt_core::{
    config::{Config, kernel::MigrationMode},
    data::{
        TenantDb,
        migration::{
            self, ChangedMigration, HeldMigration, MigrationError, MigrationPlan, MigrationReport,
        },
    },
};
use tokio::time::{Instant, sleep};

use super::{
    Host, StartCause, StartError,
    database::{Opened, migration_mode, migrations},
};
use crate::Registry;

/// What [`Host::migrate`] did; displayed as a list.
#[derive(Debug, Clone)]
pub struct Migrated(MigrationReport);

/// How long a start waits for the command `migrate` of another process.
const JOB_PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How often a host looks whether what was left for later can be applied.
const HELD_PAUSE: Duration = Duration::from_secs(30);

impl Host {
    /// Applies pending migrations, and starts nothing. It may run beside a server.
    ///
    /// # Errors
    ///
    /// [`StartError`]; the database is then as the last transaction left it.
    pub async fn migrate(self) -> Result<Migrated, StartError> {
        let Opened { db, data_dir } = Opened::open(&self).await.map_err(StartError::early)?;
        let migrated = apply(&db, &self.registry).await;
        db.close().await;
        if migrated.is_err() {
            data_dir.discard();
        }
        let migrated = migrated.map(Migrated);
        migrated.map_err(|error| StartError::early(StartCause::Migration(error)))
    }

    /// What [`migrate`](Self::migrate) would apply; changes nothing.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the database cannot be looked at, or does not fit the migrations.
    pub async fn plan(self) -> Result<MigrationPlan, StartError> {
        let Opened { db, data_dir } = Opened::open(&self).await.map_err(StartError::early)?;
        let planned = migration::plan(&db, &migrations(&self.registry)).await;
        db.close().await;
        // A look leaves nothing behind.
        data_dir.discard();
        planned.map_err(|error| StartError::early(StartCause::Migration(error)))
    }

    /// The migrations whose files are not what was applied; with `accept`, they count as what was applied from now on.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the database cannot be used.
    pub async fn repair(self, accept: bool) -> Result<Vec<ChangedMigration>, StartError> {
        let Opened { db, .. } = Opened::open(&self).await.map_err(StartError::early)?;
        let modules = migrations(&self.registry);
        let changed = if accept {
            migration::repair(&db, &modules, &by()).await
        } else {
            migration::changed(&db, &modules).await
        };
        db.close().await;
        changed.map_err(|error| StartError::early(StartCause::Migration(error)))
    }
}

/// Brings the schema to what the modules need, as the configuration has it; what it left for later, to be applied by
/// this process.
pub(super) async fn start(
    db: &TenantDb,
    modules: &Registry,
    config: &Config,
) -> Result<Vec<HeldMigration>, MigrationError> {
    match migration_mode(config) {
        MigrationMode::Verify => {
            let plan = migration::verify(db, &migrations(modules)).await?;
            tell_later(&plan);
            Ok(Vec::new())
        }
        MigrationMode::Job => wait(db, modules).await.map(|()| Vec::new()),
        _ => Ok(apply(db, modules).await?.held().to_vec()),
    }
}

/// What was left for later, applied as soon as it can be: while the host serves, since it works without.
pub(super) async fn apply_held(db: &TenantDb, modules: &Registry) {
    loop {
        sleep(HELD_PAUSE).await;
        match migration::run(db, &migrations(modules)).await {
            Ok(report) => {
                tell(&report);
                if report.held().is_empty() {
                    return;
                }
            }
            Err(error) => {
                let error = goplt_core::error::chain(&error).to_string();
                tracing::warn!(
                    error,
                    "migrations that wait for older instances could not be looked at"
                );
            }
        }
    }
}

fn tell(report: &MigrationReport) {
    for applied in report.applied() {
        tracing::info!(module = %applied.module, file = applied.file, took = ?applied.took, "migrated");
    }
    for held in report.held() {
        tracing::info!(%held, "a migration waits for older instances to end; the host works without it until then");
    }
}

fn tell_later(plan: &MigrationPlan) {
    for held in plan.held() {
        tracing::info!(%held, "a migration waits for older instances to end; the host works without it until then");
    }
    for pending in plan.pending() {
        let (module, file) = (&pending.module, &pending.file);
        tracing::info!(%module, file, "a migration that takes away what no instance needs is pending; apply it with `migrate`");
    }
}

/// Waits until another process has applied what is pending.
async fn wait(db: &TenantDb, modules: &Registry) -> Result<(), MigrationError> {
    let modules = migrations(modules);
    let started = Instant::now();
    let mut is_told = false;
    loop {
        match migration::verify(db, &modules).await {
            Err(MigrationError::Pending(plan)) if started.elapsed() < JOB_PATIENCE => {
                if !std::mem::replace(&mut is_told, true) {
                    let pending = plan.pending().len();
                    tracing::info!(
                        pending,
                        "waiting for the command `migrate` of another process"
                    );
                }
                sleep(Duration::from_secs(1)).await;
            }
            verified => return verified.map(|plan| tell_later(&plan)),
        }
    }
}

async fn apply(db: &TenantDb, modules: &Registry) -> Result<MigrationReport, MigrationError> {
    let report = migration::run(db, &migrations(modules)).await?;
    tell(&report);
    Ok(report)
}

/// Who runs the command, as far as the environment tells.
fn by() -> String {
    let user = ["USER", "LOGNAME"].into_iter().find_map(|name| {
        let user = std::env::var(name).ok()?;
        (!user.is_empty()).then_some(user)
    });
    format!(
        "migrate repair by {}",
        user.as_deref().unwrap_or("an unnamed user")
    )
}

impl Migrated {
    /// What was applied.
    #[must_use]
    pub const fn report(&self) -> &MigrationReport {
        &self.0
    }
}

impl fmt::Display for Migrated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.applied().is_empty() && self.0.held().is_empty() {
            return f.write_str("nothing to apply");
        }
        for (index, applied) in self.0.applied().iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(
                f,
                "{separator}applied {}/{} in {:.0?}",
                applied.module, applied.file, applied.took
            )?;
            if let Some(placement) = &applied.placement {
                write!(f, " to the placement `{placement}`")?;
            }
        }
        for (index, held) in self.0.held().iter().enumerate() {
            let is_first = index == 0 && self.0.applied().is_empty();
            write!(f, "{}{held}", if is_first { "" } else { "\n" })?;
        }
        Ok(())
    }
}
