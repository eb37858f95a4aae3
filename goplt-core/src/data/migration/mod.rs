//! Schemas: each module's migrations, applied once, in order, all or none.
//!
//! A run takes the modules in the order given and applies what is pending in one exclusive
//! transaction, together with a ledger per module (`blog_schema_history`: version, file,
//! checksum, text, times). A failure, a broken rule or a crash leaves the database as it was.
//!
//! Refused, all at once and with the mend: a file that was changed or removed after it was
//! applied, one that comes too late in the order, versions that only a newer binary knows, and a
//! schema that breaks a rule of tenants: a tenant table has `tenant_id TEXT NOT NULL`, and its
//! primary key and unique indexes begin with it; every table with a `tenant_id` is declared; tables
//! bear their module's prefix and refer to no other module's.

mod drift;
mod error;
mod ledger;
mod lint;
mod run;
mod split;

use std::time::Duration;

use goplt_manifest::{Dialect, Manifest, Migration, ModuleName};

use self::run::Run;
use super::TenantDb;

pub use self::error::{MigrationError, MigrationProblem};
#[cfg(feature = "sqlite")]
pub(crate) use self::lint::Column;
pub(crate) use self::lint::Table;

/// One module's part of a run.
#[derive(Debug, Clone, Copy)]
pub struct ModuleMigrations<'m> {
    module: &'m ModuleName,
    migrations: &'m [Migration],
    tenant_tables: &'m [String],
    host_tables: &'m [String],
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationReport {
    applied: Vec<AppliedMigration>,
}

/// A migration that a run applied.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppliedMigration {
    /// Whose it is.
    pub module: ModuleName,
    /// The file name.
    pub file: String,
    /// How long its statements took.
    pub took: Duration,
}

/// A migration that a run would apply.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingMigration {
    /// Whose it is.
    pub module: ModuleName,
    /// The file name.
    pub file: String,
    /// Its statements.
    pub statements: Vec<String>,
}

/// Applies what is pending, module by module in the order given.
///
/// # Errors
///
/// A [`MigrationError`]; the database is as it was then.
///
/// # Cancel safety
///
/// Dropping the future rolls back.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use goplt_core::{data::{DatabaseSettings, ScopeMint, TenantDb, migration::{self, ModuleMigrations}}, manifest::Migration};
///
/// let sql = "CREATE TABLE blog_posts (tenant_id TEXT NOT NULL, id UUID NOT NULL, title TEXT NOT NULL, \
///            PRIMARY KEY (tenant_id, id));";
/// let migrations = [Migration::parse_file_name("V0001__posts.sql")?.with_sql(sql)];
/// let (name, tables) = ("blog".parse()?, ["blog_posts".to_owned()]);
/// let blog = ModuleMigrations::new(&name, &migrations).with_tenant_tables(&tables);
///
/// let db = TenantDb::open(&DatabaseSettings::in_memory(), &ScopeMint::new()).await?;
/// assert_eq!(migration::plan(&db, &[blog]).await?[0].file, "V0001__posts.sql");
/// assert_eq!(migration::run(&db, &[blog]).await?.applied().len(), 1);
/// assert!(migration::run(&db, &[blog]).await?.applied().is_empty());
/// # Ok::<_, goplt_core::BoxError>(()) })?;
/// # Ok::<_, goplt_core::BoxError>(())
/// ```
pub async fn run(
    db: &TenantDb,
    modules: &[ModuleMigrations<'_>],
) -> Result<MigrationReport, MigrationError> {
    let mut run = Run::open(db, modules).await?;
    let done = run.migrate().await;
    run.admin.finish().await;
    done
}

/// What [`run`] would apply, in order; changes nothing.
///
/// # Errors
///
/// [`MigrationError::Drift`] as from [`run`], or a failure of the database.
pub async fn plan(
    db: &TenantDb,
    modules: &[ModuleMigrations<'_>],
) -> Result<Vec<PendingMigration>, MigrationError> {
    let mut run = Run::open(db, modules).await?;
    let pending = run.pending().await;
    run.admin.finish().await;
    let pending = pending?.into_iter().flat_map(|(module, files)| {
        files.into_iter().map(move |file| PendingMigration {
            module: module.module.clone(),
            file: file.file_name(),
            statements: split::split(&file.sql)
                .iter()
                .map(|found| found.sql.to_owned())
                .collect(),
        })
    });
    Ok(pending.collect())
}

// === impl ModuleMigrations ===

impl<'m> ModuleMigrations<'m> {
    /// The migrations of a module without tenant tables.
    #[must_use]
    pub const fn new(module: &'m ModuleName, migrations: &'m [Migration]) -> Self {
        Self {
            module,
            migrations,
            tenant_tables: &[],
            host_tables: &[],
        }
    }

    /// What a manifest declares.
    #[must_use]
    pub fn of(manifest: &'m Manifest) -> Self {
        Self::new(manifest.name(), manifest.migrations())
            .with_tenant_tables(manifest.tables())
            .with_host_tables(manifest.host().map_or(&[], |host| &host.tables))
    }

    /// The tables whose rows belong to tenants.
    #[must_use]
    pub const fn with_tenant_tables(mut self, tables: &'m [String]) -> Self {
        self.tenant_tables = tables;
        self
    }

    /// The tables that the module may use across tenants.
    #[must_use]
    pub const fn with_host_tables(mut self, tables: &'m [String]) -> Self {
        self.host_tables = tables;
        self
    }

    /// What the names of its tables begin with.
    fn prefix(&self) -> String {
        if self.is_kernel() {
            return "goplt_".to_owned();
        }
        format!("{}_", self.module.as_str().replace('-', "_"))
    }

    /// The kernel's own tables, outbox and jobs, are worked on across tenants by nature.
    fn is_kernel(&self) -> bool {
        self.module.as_str() == "core"
    }

    fn files(&self, dialect: Dialect) -> Vec<&'m Migration> {
        let fits = |migration: &&Migration| migration.dialect.overlaps(dialect);
        let mut files: Vec<_> = self.migrations.iter().filter(fits).collect();
        files.sort_by_key(|migration| migration.version);
        files
    }
}

impl MigrationReport {
    /// What was applied, in order; empty if the schema was up to date.
    #[must_use]
    pub fn applied(&self) -> &[AppliedMigration] {
        &self.applied
    }
}
