//! [`Instance`]: a process that serves, as the migrations of others see it.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    DbError, HostScope, ScopeMint, TenantDb, kernel::kernel_sql, migration::ModuleMigrations,
};
use crate::{ModuleName, Timestamp, Uuid, error::chain};

/// A process that serves: while it lives, no migration takes away what it still uses.
///
/// It [says](Self::announce) which version of each module it runs, and up to which migration that
/// version knows, before it looks whether the schema fits; it says so again and again while it
/// [lives](Self::live), and takes it back when it stops. A migration whose `phase` is `contract` is
/// held back while an instance lives that does not know it: what could not start after it may not
/// run during it. An instance that died counts for a minute more.
#[derive(Debug, Clone)]
pub struct Instance {
    db: TenantDb,
    host: HostScope,
    id: Uuid,
    name: String,
    modules: Vec<Known>,
}

/// What an instance runs of a module.
#[derive(Debug, Clone)]
struct Known {
    module: ModuleName,
    version: String,
    /// The number of the last migration that it has.
    migration: u32,
}

/// How long an instance counts that says nothing more.
const LEASE: Duration = Duration::from_secs(60);

/// How often it says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(20);

impl Instance {
    /// Of these modules, on this database; `name` tells people where it runs.
    #[must_use]
    pub fn new(
        db: &TenantDb,
        mint: &ScopeMint,
        name: impl Into<String>,
        modules: &[ModuleMigrations<'_>],
    ) -> Self {
        let dialect = db.engine().dialect();
        let known = |module: &ModuleMigrations<'_>| Known {
            module: module.module.clone(),
            version: module.version.map_or_else(String::new, ToString::to_string),
            migration: module.newest(dialect),
        };
        Self {
            host: mint.host_scope(
                ModuleName::from_static("core"),
                "instances say that they live",
            ),
            id: db.seams().ids.next(),
            name: name.into(),
            modules: modules.iter().map(known).collect(),
            db: db.clone(),
        }
    }

    /// Says that it lives, for a minute.
    ///
    /// # Errors
    ///
    /// A [`DbError`]; also where the kernel's tables are not there yet.
    pub async fn announce(&self) -> Result<(), DbError> {
        let until = self.db.seams().clock.now().plus(LEASE);
        self.write(until).await
    }

    /// Says so again and again until `stop` completes, and then that it is gone.
    ///
    /// # Cancel safety
    ///
    /// Dropped, it counts until its time is over.
    pub async fn live(self, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                () = sleep(HEARTBEAT) => {}
            }
            if let Err(error) = self.announce().await {
                tracing::warn!(error = %chain(&error), "this instance could not say that it lives");
            }
        }
        // Whoever cannot leave is gone in a minute.
        if let Err(error) = self.leave().await {
            tracing::debug!(error = %chain(&error), "this instance could not say that it stops");
        }
    }

    async fn write(&self, until: Timestamp) -> Result<(), DbError> {
        for db in self.db.databases() {
            self.write_to(&db, until).await?;
        }
        Ok(())
    }

    async fn write_to(&self, db: &TenantDb, until: Timestamp) -> Result<(), DbError> {
        let mut tx = db.begin_host(&self.host).await?;
        for Known {
            module,
            version,
            migration,
        } in &self.modules
        {
            tx.execute(kernel_sql!(
                "INSERT INTO goplt_instance (id, module, version, migration, name, alive_until) \
                 VALUES (?, ?, ?, ?, ?, ?) \
                 ON CONFLICT (id, module) DO UPDATE SET alive_until = excluded.alive_until",
                self.id,
                module.as_str(),
                version,
                *migration,
                &self.name,
                until
            ))
            .await?;
        }
        tx.commit().await
    }

    /// Says that it is gone, and so are those that died long ago.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    pub async fn leave(&self) -> Result<(), DbError> {
        let dead = self.db.seams().clock.now().minus(LEASE);
        for db in self.db.databases() {
            let mut tx = db.begin_host(&self.host).await?;
            tx.execute(kernel_sql!(
                "DELETE FROM goplt_instance WHERE id = ? OR alive_until < ?",
                self.id,
                dead
            ))
            .await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
