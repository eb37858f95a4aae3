//! [`Jobs`]: what is to be done, was done, or failed; and trying again.

use crate::{
    RequestContext, TenantId, Timestamp, Uuid,
    audit::AuditEntry,
    data::{DbError, FromRow, HostScope, HostTx, Row, ScopeMint, TenantDb, kernel::kernel_sql},
    manifest::ModuleName,
};

/// The jobs of a database, of all tenants. For those who run the platform: whoever serves it to
/// users checks a permission first.
#[derive(Debug, Clone)]
pub struct Jobs {
    db: TenantDb,
    host: HostScope,
    by: Option<RequestContext>,
}

/// A job and how far it has come.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JobInfo {
    /// The job's id.
    pub id: Uuid,
    /// The tenant; empty for a job of a schedule.
    pub tenant: String,
    /// Whose job it is.
    pub module: String,
    /// Its name.
    pub name: String,
    /// How far it has come.
    pub state: JobState,
    /// When it is or was due.
    pub run_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// How the last attempt failed, with its causes.
    pub error: Option<String>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobState {
    /// It has a time to come, or rests after a failure.
    Scheduled,
    /// It is due, and nobody runs it yet.
    Ready,
    /// It runs.
    Running,
    /// It ended well.
    Done,
    /// Its last attempt failed.
    Failed,
}

/// Which jobs are meant: all, until narrowed.
#[derive(Debug, Clone, Default)]
pub struct JobFilter {
    module: Option<String>,
    name: Option<String>,
    tenant: Option<String>,
    state: Option<JobState>,
    id: Option<Uuid>,
    limit: Option<u32>,
}

const LIMIT: u32 = 100;

// === impl JobState ===

impl JobState {
    /// Its name, such as `failed`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The state of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let all = [
            Self::Scheduled,
            Self::Ready,
            Self::Running,
            Self::Done,
            Self::Failed,
        ];
        all.into_iter().find(|state| state.as_str() == name)
    }
}

// === impl JobFilter ===

impl JobFilter {
    /// All of them, the newest hundred at a time.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of one module.
    #[must_use]
    pub fn with_module(mut self, module: impl Into<String>) -> Self {
        self.module = Some(module.into());
        self
    }

    /// Those of one name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Those of one tenant.
    #[must_use]
    pub fn with_tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Those in one state.
    #[must_use]
    pub const fn with_state(mut self, state: JobState) -> Self {
        self.state = Some(state);
        self
    }

    /// That one.
    #[must_use]
    pub const fn with_id(mut self, id: Uuid) -> Self {
        self.id = Some(id);
        self
    }

    /// At most this many.
    #[must_use]
    pub const fn with_limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }
}

// === impl Jobs ===

impl Jobs {
    /// Of this database.
    #[must_use]
    pub fn new(db: TenantDb, mint: &ScopeMint) -> Self {
        let host = mint.host_scope(
            ModuleName::from_static("core"),
            "jobs of all tenants are looked after",
        );
        Self { db, host, by: None }
    }

    /// As looked after by the caller of `cx`: what is retried and purged is written into the audit
    /// logs of the tenants, in the same transaction, and every look and change into that of the
    /// platform. Jobs of a schedule belong to no tenant.
    #[must_use]
    pub fn recorded_as(mut self, cx: RequestContext) -> Self {
        self.host = self.host.within(&cx);
        self.by = Some(cx);
        self
    }

    async fn record(
        &self,
        tx: &mut HostTx,
        action: &'static str,
        job: &JobInfo,
    ) -> Result<(), DbError> {
        let (Some(cx), Ok(tenant)) = (&self.by, job.tenant.parse()) else {
            return Ok(());
        };
        let entry = AuditEntry::new(action, "core.job")
            .with_resource_id(job.id.to_string())
            .with_detail("module", &job.module)
            .with_detail("name", &job.name);
        tx.audit(cx, tenant).record(entry).await?;
        Ok(())
    }

    /// The jobs that the filter means, the newest first.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    pub async fn list(&self, filter: &JobFilter) -> Result<Vec<JobInfo>, DbError> {
        let found = self.find(filter).await?;
        Ok(found.into_iter().map(|(_, job)| job).collect())
    }

    /// With the database that each is in: its tenant's, or at home if a schedule made it. One of
    /// before its tenant was moved may be elsewhere.
    async fn find(&self, filter: &JobFilter) -> Result<Vec<(TenantDb, JobInfo)>, DbError> {
        let mut all = Vec::new();
        let tenant = filter
            .tenant
            .as_ref()
            .and_then(|tenant| tenant.parse().ok());
        for db in self.db.databases() {
            if tenant
                .as_ref()
                .is_some_and(|tenant| !db.is_home() && !db.holds(tenant))
            {
                continue;
            }
            let found = self.find_in(&db, filter).await?;
            all.extend(found.into_iter().map(|job| (db.clone(), job)));
        }
        if self.db.is_of_several() {
            all.sort_by_key(|(_, job)| std::cmp::Reverse(job.id));
            all.truncate(usize::try_from(filter.limit.unwrap_or(LIMIT)).unwrap_or(usize::MAX));
        }
        Ok(all)
    }

    async fn find_in(&self, db: &TenantDb, filter: &JobFilter) -> Result<Vec<JobInfo>, DbError> {
        let mut tx = db.begin_host_read(&self.host).await?;
        let state = filter.state.map(JobState::as_str);
        tx.fetch_all(kernel_sql!(
            "SELECT id, tenant_id, module, name, state, run_at, attempts, error, finished_at FROM goplt_job \
             WHERE (? IS NULL OR module = ?) AND (? IS NULL OR name = ?) AND (? IS NULL OR tenant_id = ?) \
             AND (? IS NULL OR state = ?) AND (? IS NULL OR id = ?) ORDER BY id DESC LIMIT ?",
            filter.module.as_deref(),
            filter.module.as_deref(),
            filter.name.as_deref(),
            filter.name.as_deref(),
            filter.tenant.as_deref(),
            filter.tenant.as_deref(),
            state,
            state,
            filter.id,
            filter.id,
            filter.limit.unwrap_or(LIMIT)
        ))
        .await
    }

    /// Enqueues a job by its name, due at once, for a tenant or, as a schedule does, for none; its
    /// id. For operators and tests: modules enqueue with
    /// [`TenantTx::jobs`](crate::data::TenantTx::jobs).
    ///
    /// A job that no process has a handler for stays where it is.
    ///
    /// # Errors
    ///
    /// A [`DbError`]: then nothing was enqueued.
    pub async fn enqueue(
        &self,
        module: &ModuleName,
        name: &str,
        tenant: Option<&TenantId>,
        payload: &serde_json::Value,
    ) -> Result<Uuid, DbError> {
        let db = match tenant {
            Some(tenant) => self.db.database_of(tenant),
            None => self.db.clone(),
        };
        let seams = db.seams();
        let (id, now) = (seams.ids.next(), seams.clock.now());
        let mut tx = db.begin_host(&self.host).await?;
        tx.execute(kernel_sql!(
            "INSERT INTO goplt_job (id, tenant_id, module, name, payload, state, run_at, attempts, token, \
             correlation_id, created_at) VALUES (?, ?, ?, ?, ?, 'ready', ?, 0, 0, ?, ?)",
            id,
            tenant.map_or("", TenantId::as_str),
            module.as_str(),
            name,
            payload.to_string(),
            now,
            seams.ids.request_id().as_str(),
            now
        ))
        .await?;
        tx.commit().await?;
        seams.jobs.send();
        Ok(id)
    }

    /// Waits until the runner of this process, if there is one, has looked for what is due now:
    /// what a schedule has made due is a job then.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future changes nothing.
    pub async fn caught_up(&self) {
        for db in self.db.databases() {
            let seams = db.seams();
            if !seams.jobs.is_heard() {
                continue;
            }
            let mut looked = seams.looked.listen();
            // A look may be under way that began before now: the one after it counts.
            for _ in 0..2 {
                seams.jobs.send();
                // The sender lives in the database that we hold.
                let _ = looked.changed().await;
            }
        }
    }

    /// Has failed jobs that the filter means run again, with all their attempts; how many.
    ///
    /// # Errors
    ///
    /// A [`DbError`]: then nothing was changed, in this database; each has a transaction of its own.
    pub async fn retry(&self, filter: &JobFilter) -> Result<usize, DbError> {
        let mut retried = 0;
        for (db, failed) in self.failed(filter).await? {
            retried += self.retry_in(&db, failed).await?;
        }
        Ok(usize::try_from(retried).unwrap_or(usize::MAX))
    }

    /// The failed jobs that the filter means, by database.
    async fn failed(&self, filter: &JobFilter) -> Result<Vec<(TenantDb, Vec<JobInfo>)>, DbError> {
        let filter = filter.clone().with_state(JobState::Failed);
        let mut found: Vec<(TenantDb, Vec<JobInfo>)> = Vec::new();
        for (db, job) in self.find(&filter).await? {
            match found
                .iter_mut()
                .find(|(known, _)| known.here() == db.here())
            {
                Some((_, jobs)) => jobs.push(job),
                None => found.push((db, vec![job])),
            }
        }
        Ok(found)
    }

    async fn retry_in(&self, db: &TenantDb, failed: Vec<JobInfo>) -> Result<u64, DbError> {
        let mut tx = db.begin_host(&self.host).await?;
        let now = db.seams().clock.now();
        let mut retried = 0;
        for job in failed {
            let changed = tx
                .execute(kernel_sql!(
                    "UPDATE goplt_job SET state = 'ready', attempts = 0, run_at = ?, finished_at = NULL \
                     WHERE id = ? AND state = 'failed'",
                    now,
                    job.id
                ))
                .await?;
            if changed > 0 {
                self.record(&mut tx, "core.job.retried", &job).await?;
            }
            retried += changed;
        }
        tx.commit().await?;
        db.seams().jobs.send();
        db.seams().events.send();
        Ok(retried)
    }

    /// Throws away failed jobs that the filter means; how many.
    ///
    /// # Errors
    ///
    /// As for [`retry`](Self::retry).
    pub async fn purge(&self, filter: &JobFilter) -> Result<usize, DbError> {
        let mut purged = 0;
        for (db, failed) in self.failed(filter).await? {
            purged += self.purge_in(&db, failed).await?;
        }
        Ok(usize::try_from(purged).unwrap_or(usize::MAX))
    }

    async fn purge_in(&self, db: &TenantDb, failed: Vec<JobInfo>) -> Result<u64, DbError> {
        let mut tx = db.begin_host(&self.host).await?;
        let mut purged = 0;
        for job in failed {
            let gone = tx
                .execute(kernel_sql!(
                    "DELETE FROM goplt_job WHERE id = ? AND state = 'failed'",
                    job.id
                ))
                .await?;
            if gone > 0 {
                self.record(&mut tx, "core.job.purged", &job).await?;
            }
            purged += gone;
        }
        tx.commit().await?;
        db.seams().events.send();
        Ok(purged)
    }
}

impl FromRow for JobInfo {
    fn from_row(row: &Row<'_>) -> Result<Self, DbError> {
        let state: String = row.get_at(4)?;
        Ok(Self {
            id: row.get_at(0)?,
            tenant: row.get_at(1)?,
            module: row.get_at(2)?,
            name: row.get_at(3)?,
            // Nothing of ours writes another one.
            state: JobState::parse(&state).unwrap_or(JobState::Failed),
            run_at: row.get_at(5)?,
            attempts: row.get_at(6)?,
            error: row.get_at(7)?,
            finished_at: row.get_at(8)?,
        })
    }
}
