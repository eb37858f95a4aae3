//! One run: what is pending, applied in as few transactions as it can be, and looked over before each is committed.

use goplt_manifest::{Dialect, Migration, ModuleName, Phase};

use super::{
    AppliedMigration, HeldMigration, MigrationError, MigrationReport, ModuleMigrations,
    drift::{self, Fit, PendingFile},
    ledger::Ledger,
    lint, lock, older, rules, split,
};
use crate::{
    Clock,
    data::{DbError, TenantDb, catalogue::Catalogue, engine::Admin, guard},
    failpoint,
};

pub(in crate::data) struct Run<'a, 'm> {
    pub(super) admin: Box<dyn Admin>,
    dialect: Dialect,
    pub(super) modules: &'a [ModuleMigrations<'m>],
    clock: Clock,
    /// The modules of which a newer binary has made more than this one knows.
    ahead: Vec<ModuleName>,
    /// That by which instances say how long they live.
    lease_clock: Clock,
}

/// What is yet to do.
#[derive(Debug)]
pub(super) struct Work<'a, 'm> {
    pub(super) files: Vec<Pending<'a, 'm>>,
    /// What waits for older instances to end.
    pub(super) held: Vec<HeldMigration>,
    pub(super) newer: Vec<(ModuleName, String)>,
    /// The statements that give schemas and tables their guards.
    pub(super) guards: Vec<String>,
}

/// A file yet to apply, and whose it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending<'a, 'm> {
    pub(super) module: &'a ModuleMigrations<'m>,
    pub(super) found: PendingFile<'m>,
}

impl<'a, 'm> Run<'a, 'm> {
    /// With a connection that may change the schema.
    pub(super) async fn open(
        db: &TenantDb,
        modules: &'a [ModuleMigrations<'m>],
    ) -> Result<Self, DbError> {
        let admin = db.engine().admin().await?;
        Ok(Self::with(admin, db, modules))
    }

    /// With a connection that may look at it.
    pub(in crate::data) async fn inspect(
        db: &TenantDb,
        modules: &'a [ModuleMigrations<'m>],
    ) -> Result<Self, DbError> {
        let admin = db.engine().inspector().await?;
        Ok(Self::with(admin, db, modules))
    }

    fn with(admin: Box<dyn Admin>, db: &TenantDb, modules: &'a [ModuleMigrations<'m>]) -> Self {
        Self {
            admin,
            dialect: db.engine().dialect(),
            modules,
            clock: Clock::system(),
            ahead: Vec::new(),
            lease_clock: db.seams().clock.clone(),
        }
    }

    pub(in crate::data) async fn catalogue(&mut self) -> Result<Catalogue, DbError> {
        self.admin.catalogue().await
    }

    pub(in crate::data) async fn finish(self) {
        self.admin.finish().await;
    }

    pub(super) async fn migrate(&mut self) -> Result<MigrationReport, MigrationError> {
        // Most starts find nothing to do, and need not keep anyone out to see it.
        let before = self.admin.catalogue().await?;
        let work = self.work(&before).await?;
        if work.is_empty() {
            self.lint(&before, &before, &[])?;
            return Ok(MigrationReport {
                held: work.held,
                ..MigrationReport::default()
            });
        }
        if self.admin.is_pooled().await? {
            return Err(MigrationError::Pooler);
        }
        lock::take(&mut *self.admin).await?;
        let mut report = MigrationReport::default();
        let mut may_only_guard = true;
        loop {
            // Another process may have been faster, and each step makes a new state.
            let found = self.admin.catalogue().await?;
            let Work {
                files,
                guards,
                held,
                ..
            } = self.work(&found).await?;
            report.held = held;
            let alone = |pending: &&Pending<'_, '_>| !pending.found.header.transaction;
            match files.first().filter(alone) {
                Some(pending) => {
                    report
                        .applied
                        .push(self.apply_alone(pending, &found).await?);
                    // It may have taken guards away, and commits by itself.
                    may_only_guard = true;
                }
                // Guards alone are work too, once: what cannot be put right does not end the run.
                None if files.is_empty() && (guards.is_empty() || !may_only_guard) => {
                    return Ok(report);
                }
                None => {
                    let together: Vec<_> = files
                        .iter()
                        .copied()
                        .take_while(|pending| !alone(&pending))
                        .collect();
                    let applied = self
                        .apply_together(&together, &files[together.len()..])
                        .await?;
                    report.applied.extend(applied);
                    may_only_guard = false;
                }
            }
        }
    }

    /// The files of a module that this database takes, in order.
    pub(super) fn files(&self, module: &ModuleMigrations<'m>) -> Vec<&'m Migration> {
        module.files(self.dialect)
    }

    /// What is yet to do.
    pub(super) async fn work(
        &mut self,
        catalogue: &Catalogue,
    ) -> Result<Work<'a, 'm>, MigrationError> {
        let mut work = Work {
            files: Vec::new(),
            held: Vec::new(),
            newer: Vec::new(),
            guards: Vec::new(),
        };
        let mut problems = Vec::new();
        self.ahead.clear();
        for module in self.modules {
            match self.fit(module, catalogue).await? {
                Ok(Fit { pending, newer }) => {
                    let files = pending.into_iter().map(|found| Pending { module, found });
                    work.files.extend(files);
                    let newer = newer.into_iter().map(|file| (module.module.clone(), file));
                    work.newer.extend(newer);
                }
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(MigrationError::Drift(problems));
        }
        if work.files.iter().any(Pending::is_contract) {
            let now = self.lease_clock.now();
            let living = older::living(&mut *self.admin, catalogue, now).await?;
            work.held = older::hold_back(&mut work.files, &living)?;
        }
        // What older instances use and this binary does not declare any more is theirs until then.
        let held = work.held.iter().map(|held| held.module.clone());
        self.ahead.extend(held);
        if let Some(server) = &catalogue.server {
            work.guards = guard::foundation(self.modules, server);
            let tables = guard::mend(self.modules, catalogue, &self.ahead);
            work.guards.extend(tables);
        }
        Ok(work)
    }

    async fn fit(
        &mut self,
        module: &'a ModuleMigrations<'m>,
        catalogue: &Catalogue,
    ) -> Result<Result<Fit<'m>, Vec<super::MigrationProblem>>, DbError> {
        let files = module.files(self.dialect);
        let ledger = self.ledger(module, catalogue).await?;
        let mut entries = ledger.read(&mut *self.admin).await?;
        for entry in &mut entries {
            if files.iter().any(|file| drift::is_changed(file, entry)) {
                entry.text = ledger.text(&mut *self.admin, entry.version).await?;
            }
        }
        if drift::is_ahead(&files, &entries) {
            self.ahead.push(module.module.clone());
        }
        Ok(drift::fit(module, &files, &entries))
    }

    /// The modules of which the database has more than this binary knows: of a newer one, or of older ones until it is
    /// taken away.
    pub(in crate::data) async fn ahead(
        &mut self,
        catalogue: &Catalogue,
    ) -> Result<Vec<ModuleName>, DbError> {
        let mut ahead = Vec::new();
        for module in self.modules {
            let ledger = self.ledger(module, catalogue).await?;
            let entries = ledger.read(&mut *self.admin).await?;
            let files = module.files(self.dialect);
            if drift::is_ahead(&files, &entries) || drift::is_contracting(module, &files, &entries)
            {
                ahead.push(module.module.clone());
            }
        }
        Ok(ahead)
    }

    pub(super) async fn ledger(
        &mut self,
        module: &ModuleMigrations<'_>,
        catalogue: &Catalogue,
    ) -> Result<Ledger, DbError> {
        self.admin.enter(&module.schema()).await?;
        Ok(Ledger::of(module, catalogue))
    }

    /// In one transaction: what it makes is looked over and guarded before anyone sees it.
    async fn apply_together(
        &mut self,
        files: &[Pending<'a, 'm>],
        rest: &[Pending<'a, 'm>],
    ) -> Result<Vec<AppliedMigration>, MigrationError> {
        self.admin.begin_exclusive().await?;
        // On SQLite this is where other processes are kept out.
        let before = self.admin.catalogue().await?;
        if files.iter().any(Pending::is_contract) {
            older::keep_out(&mut *self.admin, &before).await?;
        }
        let still = self.work(&before).await?.files;
        let is_pending = |pending: &&Pending<'a, 'm>| {
            let same = |other: &Pending<'_, '_>| {
                other.module.module == pending.module.module
                    && other.found.file.version == pending.found.file.version
            };
            still.iter().any(same)
        };
        self.found(&before).await?;
        let mut applied = Vec::new();
        for pending in files.iter().filter(is_pending) {
            applied.push(self.apply(pending, &before).await?);
        }
        failpoint::point("migration.before_commit");
        let incomplete: Vec<_> = rest.iter().map(|pending| pending.module.module).collect();
        self.finish_step(&before, &incomplete).await?;
        Ok(applied)
    }

    /// Makes the schemas that are not there, and what policies stand on.
    async fn found(&mut self, before: &Catalogue) -> Result<(), DbError> {
        let Some(server) = &before.server else {
            return Ok(());
        };
        for statement in guard::foundation(self.modules, server) {
            self.admin.execute(&statement).await?;
        }
        Ok(())
    }

    /// Guards the tables, looks everything over, and commits.
    async fn finish_step(
        &mut self,
        before: &Catalogue,
        incomplete: &[&ModuleName],
    ) -> Result<(), MigrationError> {
        let mut after = self.admin.catalogue().await?;
        let guards = guard::mend(self.modules, &after, &self.ahead);
        for statement in &guards {
            self.admin.execute(statement).await?;
        }
        if !guards.is_empty() {
            after = self.admin.catalogue().await?;
        }
        self.lint(&after, before, incomplete)?;
        self.admin.check_references().await?;
        self.admin.commit().await?;
        Ok(())
    }

    async fn apply(
        &mut self,
        pending: &Pending<'a, 'm>,
        before: &Catalogue,
    ) -> Result<AppliedMigration, MigrationError> {
        let PendingFile { file, header, .. } = pending.found;
        let mut ledger = self.ledger(pending.module, before).await?;
        ledger.prepare(&mut *self.admin).await?;
        let started = self.clock.now();
        self.execute(pending).await?;
        // What the file set for its session is not the next one's.
        self.admin.enter(&pending.module.schema()).await?;
        if let Some(server) = &before.server {
            for statement in guard::usage(pending.module, &server.roles) {
                self.admin.execute(&statement).await?;
            }
        }
        let finished = self.clock.now();
        ledger
            .record(&mut *self.admin, file, header.phase, (started, finished))
            .await?;
        Ok(applied(pending, finished.since(started)))
    }

    /// Without a transaction: the ledger says first that it is begun, so that whoever comes after a crash runs it again.
    async fn apply_alone(
        &mut self,
        pending: &Pending<'a, 'm>,
        before: &Catalogue,
    ) -> Result<AppliedMigration, MigrationError> {
        let PendingFile { file, header, .. } = pending.found;
        self.admin.be_patient().await?;
        for statement in before
            .server
            .iter()
            .flat_map(|server| guard::foundation(self.modules, server))
        {
            self.admin.execute(&statement).await?;
        }
        let mut ledger = self.ledger(pending.module, before).await?;
        ledger.prepare(&mut *self.admin).await?;
        let started = self.clock.now();
        ledger
            .begin(&mut *self.admin, file, header.phase, started)
            .await?;
        failpoint::point("migration.begun");
        self.drop_unfinished_indexes(pending.module, file, before)
            .await?;
        self.execute(pending).await?;
        failpoint::point("migration.before_end");
        self.admin.enter(&pending.module.schema()).await?;
        let finished = self.clock.now();
        ledger.end(&mut *self.admin, file, finished).await?;
        let after = self.admin.catalogue().await?;
        let incomplete: Vec<_> = self.modules.iter().map(|module| module.module).collect();
        self.lint(&after, before, &incomplete)?;
        Ok(applied(pending, finished.since(started)))
    }

    /// An index whose building was cut off is there and of no use, and `IF NOT EXISTS` would take it for made.
    async fn drop_unfinished_indexes(
        &mut self,
        module: &ModuleMigrations<'_>,
        file: &Migration,
        catalogue: &Catalogue,
    ) -> Result<(), MigrationError> {
        let schema = module.schema();
        let own = catalogue
            .tables
            .iter()
            .filter(|table| table.schema == schema);
        let unfinished = own
            .filter_map(|table| table.guard.as_ref())
            .flat_map(|guard| &guard.invalid_indexes)
            .filter(|index| rules::names(&file.sql, index));
        for index in unfinished {
            tracing::warn!(
                index,
                file = file.file_name(),
                "drops an index whose building was cut off"
            );
            let name = format!("{}.{}", guard::quote(&schema), guard::quote(index));
            self.admin
                .execute(&format!("DROP INDEX CONCURRENTLY IF EXISTS {name}"))
                .await?;
        }
        Ok(())
    }

    async fn execute(&mut self, pending: &Pending<'a, 'm>) -> Result<(), MigrationError> {
        let PendingFile { file, header, .. } = pending.found;
        let statements = split::split(&file.sql);
        let failed = |found: &split::Statement<'_>, is_begun, source| MigrationError::Statement {
            module: pending.module.module.clone(),
            file: file.file_name(),
            line: found.line,
            statement: found.sql.chars().take(200).collect(),
            is_begun,
            source: Box::new(source),
        };
        for found in &statements {
            rules::check(found, header, self.dialect)
                .map_err(|reason| failed(found, false, DbError::Sql(reason.into())))?;
        }
        for found in &statements {
            self.admin
                .execute(found.sql)
                .await
                .map_err(|source| failed(found, !header.transaction, source))?;
        }
        Ok(())
    }

    fn lint(
        &self,
        after: &Catalogue,
        before: &Catalogue,
        incomplete: &[&ModuleName],
    ) -> Result<(), MigrationError> {
        let before: Vec<_> = before
            .tables
            .iter()
            .map(|table| table.full_name())
            .collect();
        let problems = lint::lint(
            self.modules,
            &after.tables,
            &before,
            incomplete,
            &self.ahead,
        );
        if problems.is_empty() {
            Ok(())
        } else {
            Err(MigrationError::Schema(problems))
        }
    }
}

impl Pending<'_, '_> {
    pub(super) fn is_contract(&self) -> bool {
        self.found.header.phase == Phase::Contract
    }

    /// Whether a process may start without it: it takes away, from what was there before, and nothing comes after it.
    pub(super) fn is_due_later(&self, all: &[Self]) -> bool {
        let mut after = all.iter().filter(|other| {
            other.module.module == self.module.module
                && other.found.file.version >= self.found.file.version
        });
        self.found.has_predecessor && after.all(Self::is_contract)
    }
}

impl Work<'_, '_> {
    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.guards.is_empty()
    }
}

fn applied(pending: &Pending<'_, '_>, took: std::time::Duration) -> AppliedMigration {
    AppliedMigration {
        module: pending.module.module.clone(),
        file: pending.found.file.file_name(),
        took,
        placement: None,
    }
}
