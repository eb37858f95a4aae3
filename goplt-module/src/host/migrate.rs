//! Migrations of a host's modules, in their order.

use std::fmt;

use goplt_core::data::{
    TenantDb, kernel_migrations,
    migration::{self, MigrationError, MigrationReport, ModuleMigrations},
};

use super::{Host, StartCause, StartError, data_dir::DataDir, settings::database_settings};
use crate::Registry;

/// What [`Host::migrate`] did; displayed as a list.
#[derive(Debug, Clone)]
pub struct Migrated(MigrationReport);

impl Host {
    /// Applies pending migrations, and starts nothing. It may run beside a server.
    ///
    /// # Errors
    ///
    /// [`StartError`]; the database is then as it was before.
    pub async fn migrate(self) -> Result<Migrated, StartError> {
        let data_dir = DataDir::open(self.config.data_dir()).map_err(StartError::early)?;
        let migrated = self.migrate_in_place().await;
        if migrated.is_err() {
            data_dir.discard();
        }
        migrated.map(Migrated).map_err(StartError::early)
    }

    async fn migrate_in_place(&self) -> Result<MigrationReport, StartCause> {
        let settings = database_settings(&self.config);
        let db = TenantDb::open(&settings, &self.parts.mint)
            .await
            .map_err(StartCause::Database)?;
        let migrated = apply(&db, &self.registry).await;
        db.close().await;
        migrated.map_err(StartCause::Migration)
    }
}

pub(super) async fn apply(
    db: &TenantDb,
    modules: &Registry,
) -> Result<MigrationReport, MigrationError> {
    let modules = modules
        .all()
        .map(|module| ModuleMigrations::of(module.manifest()));
    let modules: Vec<_> = std::iter::once(kernel_migrations())
        .chain(modules)
        .collect();
    let report = migration::run(db, &modules).await?;
    for applied in report.applied() {
        tracing::info!(module = %applied.module, file = applied.file, took = ?applied.took, "migrated");
    }
    Ok(report)
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
        if self.0.applied().is_empty() {
            return f.write_str("nothing to apply");
        }
        for (index, applied) in self.0.applied().iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(
                f,
                "{separator}applied {}/{} in {:.0?}",
                applied.module, applied.file, applied.took
            )?;
        }
        Ok(())
    }
}
