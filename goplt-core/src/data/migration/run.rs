//! One run: what is pending, applied in one transaction, and looked over before it is committed.

use goplt_manifest::{Dialect, Migration};

use super::{
    AppliedMigration, MigrationError, MigrationReport, ModuleMigrations, Table, drift, ledger,
    lint, split,
};
use crate::{
    Clock,
    data::{DbError, TenantDb, engine::Admin},
};

pub(super) struct Run<'a, 'm> {
    pub(super) admin: Box<dyn Admin>,
    dialect: Dialect,
    modules: &'a [ModuleMigrations<'m>],
    clock: Clock,
}

pub(super) type Pending<'a, 'm> = Vec<(&'a ModuleMigrations<'m>, Vec<&'m Migration>)>;

/// Statements that would end the transaction, or act beside it.
const FORBIDDEN: [&str; 11] = [
    "BEGIN",
    "START",
    "COMMIT",
    "END",
    "ROLLBACK",
    "SAVEPOINT",
    "RELEASE",
    "ATTACH",
    "DETACH",
    "PRAGMA",
    "VACUUM",
];

impl<'a, 'm> Run<'a, 'm> {
    pub(super) async fn open(
        db: &TenantDb,
        modules: &'a [ModuleMigrations<'m>],
    ) -> Result<Self, DbError> {
        Ok(Self {
            admin: db.engine().admin().await?,
            dialect: db.engine().dialect(),
            modules,
            clock: Clock::system(),
        })
    }

    pub(super) async fn migrate(&mut self) -> Result<MigrationReport, MigrationError> {
        // Most starts find nothing to do, and need not keep anyone out to see it.
        let before = self.tables().await?;
        if self.pending_with(&before).await?.is_empty() {
            self.lint(&before, &before)?;
            return Ok(MigrationReport::default());
        }
        self.admin.begin_exclusive().await?;
        // Another process may have been faster.
        let before = self.tables().await?;
        let mut report = MigrationReport::default();
        for (module, files) in self.pending_with(&before).await? {
            let table = ledger::table(module);
            ledger::create(&mut *self.admin, &table).await?;
            for file in files {
                report.applied.push(self.apply(module, &table, file).await?);
            }
        }
        let after = self.tables().await?;
        self.lint(&after, &before)?;
        self.admin.check_references().await?;
        self.admin.commit().await?;
        Ok(report)
    }

    pub(super) async fn pending(&mut self) -> Result<Pending<'a, 'm>, MigrationError> {
        let tables = self.tables().await?;
        self.pending_with(&tables).await
    }

    async fn pending_with(&mut self, tables: &[Table]) -> Result<Pending<'a, 'm>, MigrationError> {
        let mut pending = Vec::new();
        let mut problems = Vec::new();
        for module in self.modules {
            let table = ledger::table(module);
            let ledger = if tables.iter().any(|known| known.name == table) {
                ledger::read(&mut *self.admin, &table).await?
            } else {
                Vec::new()
            };
            match drift::pending(module, &module.files(self.dialect), &ledger) {
                Ok(files) if files.is_empty() => {}
                Ok(files) => pending.push((module, files)),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() {
            Ok(pending)
        } else {
            Err(MigrationError::Drift(problems))
        }
    }

    async fn apply(
        &mut self,
        module: &ModuleMigrations<'m>,
        table: &str,
        file: &Migration,
    ) -> Result<AppliedMigration, MigrationError> {
        let started = self.clock.now();
        for found in split::split(&file.sql) {
            let failed = |source| MigrationError::Statement {
                module: module.module.clone(),
                file: file.file_name(),
                line: found.line,
                statement: found.sql.chars().take(200).collect(),
                source: Box::new(source),
            };
            let word = split::first_word(found.sql);
            if FORBIDDEN.contains(&word.as_str()) {
                let reason = format!(
                    "`{word}` has no place in a migration, which runs in a transaction of its own; remove it"
                );
                return Err(failed(DbError::Sql(reason.into())));
            }
            self.admin.execute(found.sql).await.map_err(failed)?;
        }
        let finished = self.clock.now();
        ledger::record(&mut *self.admin, table, file, (started, finished)).await?;
        Ok(AppliedMigration {
            module: module.module.clone(),
            file: file.file_name(),
            took: finished.since(started),
        })
    }

    async fn tables(&mut self) -> Result<Vec<Table>, DbError> {
        self.admin.tables().await
    }

    fn lint(&self, after: &[Table], before: &[Table]) -> Result<(), MigrationError> {
        let before: Vec<_> = before.iter().map(|table| table.name.clone()).collect();
        let problems = lint::lint(self.modules, after, &before);
        if problems.is_empty() {
            Ok(())
        } else {
            Err(MigrationError::Schema(problems))
        }
    }
}
