//! Schemas: each module's migrations, applied once, in order.
//!
//! A run takes the modules in the order given and applies what is pending in one exclusive transaction, together with a
//! ledger per module (`blog_schema_history`: version, file, checksum, text, times, state, phase). A failure, a broken
//! rule or a crash leaves the database as it was. A file that says `-- goplt: transaction: off` (PostgreSQL,
//! [`MigrationHeader`](goplt_manifest::MigrationHeader)) stands between two such transactions; the ledger says that it
//! is begun before it is, and the next run takes it up again.
//!
//! On PostgreSQL each module has a schema of its own, and the run writes the guards: row-level security with its
//! policies on every table with a `tenant_id`, and the rights of the roles on the tables that the manifest declares.
//! One run at a time: the others ask for the lock again and again, and then find nothing left to do.
//!
//! A migration that takes something away (`phase: contract`) waits while an [`Instance`](super::Instance) lives that does
//! not know it: the run applies the others, tells who is in the way ([`MigrationReport::held`]), and the next run that
//! finds nobody applies it. So whoever brings a contract must work without it too; one that an `expand` follows in the
//! same module cannot wait and is refused ([`MigrationError::Older`]).
//!
//! Refused, all at once and with the mend: a file that was changed (with what differs) or removed after it was
//! applied, one that comes too late in the order, versions that only a newer binary knows and that took something
//! away, and a schema that breaks a rule of tenants: a tenant table has `tenant_id TEXT NOT NULL`, and its primary key,
//! unique indexes and foreign keys begin with it; every table with a `tenant_id` is declared; tables bear their
//! module's prefix and refer to no other module's.

mod diff;
mod drift;
mod error;
mod ledger;
mod lint;
mod lock;
mod older;
mod plan;
mod repair;
mod rules;
mod run;
mod split;

use std::time::Duration;

use goplt_manifest::{Dialect, Manifest, Migration, ModuleName, Version};

use self::{drift::PendingFile, repair::Accepting};
use super::{TenantDb, guard};
use crate::id::PlacementName;

pub(crate) use self::lint::{lint, owner};
pub(super) use self::run::Run;
pub use self::{
    error::{MigrationError, MigrationProblem},
    older::{HeldMigration, OlderInstance},
    plan::{MigrationPlan, PendingMigration},
    repair::ChangedMigration,
};

/// One module's part of a run.
#[derive(Debug, Clone, Copy)]
pub struct ModuleMigrations<'m> {
    pub(super) module: &'m ModuleName,
    migrations: &'m [Migration],
    pub(super) version: Option<&'m Version>,
    pub(super) tenant_tables: &'m [String],
    pub(super) host_tables: &'m [String],
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MigrationReport {
    applied: Vec<AppliedMigration>,
    held: Vec<HeldMigration>,
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
    /// The placement whose database it was applied to; `None` for the home.
    pub placement: Option<PlacementName>,
}

/// Applies what is pending, module by module in the order given; database by database, where tenants
/// are placed in several.
///
/// # Errors
///
/// A [`MigrationError`]; the database is then as the last transaction left it, and the next run goes on from there.
///
/// # Cancel safety
///
/// Dropping the future rolls back what is not committed.
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
/// assert_eq!(migration::plan(&db, &[blog]).await?.pending()[0].file, "V0001__posts.sql");
/// assert_eq!(migration::run(&db, &[blog]).await?.applied().len(), 1);
/// assert!(migration::run(&db, &[blog]).await?.applied().is_empty());
/// # Ok::<_, goplt_core::BoxError>(()) })?;
/// # Ok::<_, goplt_core::BoxError>(())
/// ```
pub async fn run(
    db: &TenantDb,
    modules: &[ModuleMigrations<'_>],
) -> Result<MigrationReport, MigrationError> {
    let mut report = MigrationReport::default();
    for db in db.databases() {
        let done = run_on(&db, modules).await;
        let done = done.map_err(|error| error.of(db.placement()))?;
        let applied = done.applied.into_iter().map(|applied| AppliedMigration {
            placement: db.placement().cloned(),
            ..applied
        });
        report.applied.extend(applied);
        let held = done.held.into_iter().map(|held| HeldMigration {
            placement: db.placement().cloned(),
            ..held
        });
        report.held.extend(held);
    }
    Ok(report)
}

async fn run_on(
    db: &TenantDb,
    modules: &[ModuleMigrations<'_>],
) -> Result<MigrationReport, MigrationError> {
    let mut run = Run::open(db, modules).await?;
    let done = run.migrate().await;
    run.admin.finish().await;
    done
}

/// What [`run`] would apply, in order; changes nothing, and needs no right to.
///
/// # Errors
///
/// [`MigrationError::Drift`] as from [`run`], or a failure of the database.
pub async fn plan(
    db: &TenantDb,
    modules: &[ModuleMigrations<'_>],
) -> Result<MigrationPlan, MigrationError> {
    let mut plan = MigrationPlan::default();
    for db in db.databases() {
        let planned = plan_of(&db, modules).await;
        plan.add(planned.map_err(|error| error.of(db.placement()))?);
    }
    Ok(plan)
}

async fn plan_of(
    db: &TenantDb,
    modules: &[ModuleMigrations<'_>],
) -> Result<MigrationPlan, MigrationError> {
    let mut run = Run::inspect(db, modules).await?;
    let planned = planned(&mut run, db.placement()).await;
    run.admin.finish().await;
    planned
}

async fn planned(
    run: &mut Run<'_, '_>,
    placement: Option<&PlacementName>,
) -> Result<MigrationPlan, MigrationError> {
    let catalogue = run.admin.catalogue().await?;
    let work = run.work(&catalogue).await?;
    let due_later: Vec<_> = work
        .files
        .iter()
        .map(|file| file.is_due_later(&work.files))
        .collect();
    let pending = work
        .files
        .into_iter()
        .zip(due_later)
        .map(|(pending, is_due_later)| {
            let PendingFile {
                file,
                header,
                begun,
                ..
            } = pending.found;
            let statements = split::split(&file.sql);
            PendingMigration {
                module: pending.module.module.clone(),
                file: file.file_name(),
                phase: header.phase,
                transaction: header.transaction,
                begun,
                is_due_later,
                statements: statements
                    .iter()
                    .map(|found| found.sql.to_owned())
                    .collect(),
                placement: placement.cloned(),
            }
        });
    Ok(MigrationPlan {
        pending: pending.collect(),
        held: work
            .held
            .into_iter()
            .map(|held| HeldMigration {
                placement: placement.cloned(),
                ..held
            })
            .collect(),
        newer: work.newer,
        guarded: vec![placement.cloned(); work.guards.len()],
        guards: work.guards,
    })
}

/// That the schema is what the modules need, for a process that leaves changes to others. A contract at the end of a
/// module's migrations may be pending, since the version that brings it works without it: the plan that is returned
/// tells.
///
/// # Errors
///
/// [`MigrationError::Pending`] with the plan, or what [`plan`] returns.
pub async fn verify(
    db: &TenantDb,
    modules: &[ModuleMigrations<'_>],
) -> Result<MigrationPlan, MigrationError> {
    let plan = plan(db, modules).await?;
    if plan.pending().iter().all(|pending| pending.is_due_later) {
        Ok(plan)
    } else {
        Err(MigrationError::Pending(plan))
    }
}

/// The files that differ from what was applied; changes nothing.
///
/// # Errors
///
/// A failure of the database.
pub async fn changed(
    db: &TenantDb,
    modules: &[ModuleMigrations<'_>],
) -> Result<Vec<ChangedMigration>, MigrationError> {
    let mut all = Vec::new();
    for db in db.databases() {
        let at = |error: MigrationError| error.of(db.placement());
        let run = Run::inspect(&db, modules).await;
        let mut run = run.map_err(|error| at(error.into()))?;
        let changed = run.changed(None).await;
        run.admin.finish().await;
        all.extend(of(db.placement(), changed.map_err(at)?));
    }
    Ok(all)
}

fn of(
    placement: Option<&PlacementName>,
    changed: Vec<ChangedMigration>,
) -> impl Iterator<Item = ChangedMigration> {
    changed.into_iter().map(move |changed| ChangedMigration {
        placement: placement.cloned(),
        ..changed
    })
}

/// Takes the files of [`changed`] for what was applied, and runs none of them: for a database that is right although a
/// file is not what it was. What was accepted is returned and logged, and in the audit log of the platform, as done by
/// `by`: a command, and the user of the operating system.
///
/// # Errors
///
/// A failure of the database; nothing is accepted in it then.
pub async fn repair(
    db: &TenantDb,
    modules: &[ModuleMigrations<'_>],
    by: &str,
) -> Result<Vec<ChangedMigration>, MigrationError> {
    let mut all = Vec::new();
    for db in db.databases() {
        let at = |error: MigrationError| error.of(db.placement());
        let run = Run::open(&db, modules).await;
        let seams = db.seams();
        let mut run = run.map_err(|error| at(error.into()))?;
        let accepted = run.changed(Some(Accepting { by, seams })).await;
        run.admin.finish().await;
        for accepted in of(db.placement(), accepted.map_err(at)?) {
            let ChangedMigration {
                module,
                file,
                diff,
                placement,
                ..
            } = &accepted;
            let placement = placement.as_ref().map(PlacementName::as_str);
            tracing::warn!(
                target: "goplt::audit", %module, file, diff, placement, "a changed migration was accepted"
            );
            all.push(accepted);
        }
    }
    Ok(all)
}

/// The schema of PostgreSQL that a module's tables are in: its name, with `_` for `-`.
#[must_use]
pub fn schema_name(module: &ModuleName) -> String {
    guard::schema_of(module)
}

// === impl ModuleMigrations ===

impl<'m> ModuleMigrations<'m> {
    /// The migrations of a module without tenant tables.
    #[must_use]
    pub const fn new(module: &'m ModuleName, migrations: &'m [Migration]) -> Self {
        Self {
            module,
            migrations,
            version: None,
            tenant_tables: &[],
            host_tables: &[],
        }
    }

    /// What a manifest declares.
    #[must_use]
    pub fn of(manifest: &'m Manifest) -> Self {
        Self::new(manifest.name(), manifest.migrations())
            .with_version(manifest.version())
            .with_tenant_tables(manifest.tables())
            .with_host_tables(manifest.host().map_or(&[], |host| &host.tables))
    }

    /// The version of the module, for [instances](crate::data::Instance).
    #[must_use]
    pub const fn with_version(mut self, version: &'m Version) -> Self {
        self.version = Some(version);
        self
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
    pub(super) fn prefix(&self) -> String {
        if self.is_kernel() {
            return "goplt_".to_owned();
        }
        format!("{}_", self.module.as_str().replace('-', "_"))
    }

    /// Whether its manifest names the table, or the run keeps it.
    pub(super) fn knows(&self, table: &str) -> bool {
        let mut declared = self.tenant_tables.iter().chain(self.host_tables);
        self.is_kernel() || declared.any(|name| name == table) || table == ledger::table(self)
    }

    /// The schema of its tables, where there are schemas.
    pub(super) fn schema(&self) -> String {
        guard::schema_of(self.module)
    }

    /// The kernel's own tables, outbox and jobs, are worked on across tenants by nature.
    pub(super) fn is_kernel(&self) -> bool {
        self.module.as_str() == "core"
    }

    /// The number of its last migration.
    pub(super) fn newest(&self, dialect: Dialect) -> u32 {
        self.files(dialect).last().map_or(0, |file| file.version)
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

    /// What was not applied, since older instances live that would not work on what it makes. The next run that finds
    /// none applies it.
    #[must_use]
    pub fn held(&self) -> &[HeldMigration] {
        &self.held
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests;
