//! [`JobContext`]: what a handler knows of its job.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use serde::de::DeserializeOwned;

use crate::{
    Clock, Code, RequestContext, TenantId, Timestamp, Uuid,
    data::{
        DbError, HostScope, HostTx, Place, TenantDb, TenantTx,
        kernel::{kernel_sql, kernel_tenant_sql},
    },
    event::Permanent,
    failpoint,
};

/// What a handler knows of the job that it runs.
#[derive(Clone)]
pub struct JobContext {
    pub(super) id: Uuid,
    pub(super) request: RequestContext,
    pub(super) payload: Arc<str>,
    pub(super) due_at: Option<Timestamp>,
    pub(super) attempt: u32,
    pub(super) token: i64,
    pub(super) clock: Clock,
    pub(super) rows: JobRows,
    pub(super) finished: Finished,
}

/// The database that the job's row is in.
#[derive(Debug, Clone)]
pub(super) struct JobRows {
    pub(super) db: TenantDb,
    pub(super) host: HostScope,
}

/// Whether the handler has committed the last transaction, and the end of the job with it.
#[derive(Debug, Clone, Default)]
pub(super) struct Finished(Arc<AtomicU8>);

/// Why a job's last transaction did not commit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FinishError {
    /// The lease ran out, and the job may be run by somebody else: nothing was committed.
    #[error("the job is leased to another runner by now")]
    LeaseLost,
    /// The database refused.
    #[error("the end of the job was not written")]
    Database(#[from] DbError),
}

impl FinishError {
    /// The code of the failure.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self {
            Self::LeaseLost => Code::Aborted,
            Self::Database(error) => error.code(),
        }
    }
}

impl JobContext {
    /// The module as principal; the tenant of the transaction that enqueued the job, none for a
    /// job of a schedule. It is cancelled when the lease is lost.
    #[must_use]
    pub const fn request(&self) -> &RequestContext {
        &self.request
    }

    /// The job's id, the same at each attempt: an idempotency key for effects elsewhere.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// Whose work it is; `None` for a job of a schedule.
    #[must_use]
    pub fn tenant(&self) -> Option<&TenantId> {
        self.request.tenant()
    }

    /// When the schedule was due; `None` for an enqueued job.
    #[must_use]
    pub const fn due_at(&self) -> Option<Timestamp> {
        self.due_at
    }

    /// Which attempt this is, from 1.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// What was enqueued with the job.
    ///
    /// # Errors
    ///
    /// [`Permanent`] if it is no `T`: another attempt would find the same.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Permanent> {
        serde_json::from_str(&self.payload).map_err(Permanent::new)
    }

    /// Commits `tx` together with the end of the job: its effects happen once, also when the
    /// process dies or the lease was lost. The last thing that a handler does.
    ///
    /// A transaction in another database than the job's (its tenant is
    /// [placed](crate::data::TenantDb#placements) elsewhere) cannot take the job's end with it: it is
    /// committed first, if the lease still holds, and the end is written afterwards. A process that
    /// dies in between runs the job again, as if it had not used `finish`.
    ///
    /// # Errors
    ///
    /// [`FinishError`]; then nothing was committed.
    pub async fn finish(&self, mut tx: TenantTx) -> Result<(), FinishError> {
        if !self.rows.are_in(tx.place()) {
            self.rows.check(self.id, self.token).await?;
            failpoint::point("job.before_finish");
            tx.commit().await?;
            failpoint::point("job.after_finish");
            self.finished.note(COMMITTED);
            return Ok(());
        }
        let ended = tx
            .execute(kernel_tenant_sql!(
                "UPDATE goplt_job SET state = 'done', finished_at = ?, owner = NULL, unique_slot = NULL, error = NULL \
                 WHERE id = ? AND token = ? AND state = 'running'",
                self.clock.now(),
                self.id,
                self.token
            ))
            .await?;
        if ended == 0 {
            return Err(FinishError::LeaseLost);
        }
        failpoint::point("job.before_finish");
        tx.commit().await?;
        failpoint::point("job.after_finish");
        self.finished.note(WRITTEN);
        Ok(())
    }

    /// As [`finish`](Self::finish), for work across tenants. Work that goes through
    /// [several databases](crate::data::TenantDb::databases) commits in each; the job ends when its
    /// handler has returned, and a part that is done again must do no harm.
    ///
    /// # Errors
    ///
    /// [`FinishError`]; then nothing was committed.
    pub async fn finish_host(&self, mut tx: HostTx) -> Result<(), FinishError> {
        tx.work_mut().within(&self.request);
        if !self.rows.are_in(tx.place()) {
            self.rows.check(self.id, self.token).await?;
            tx.commit().await?;
            self.finished.note(COMMITTED);
            return Ok(());
        }
        let ended = tx
            .execute_aside(kernel_sql!(
                "UPDATE goplt_job SET state = 'done', finished_at = ?, owner = NULL, unique_slot = NULL, error = NULL \
                 WHERE id = ? AND token = ? AND state = 'running'",
                self.clock.now(),
                self.id,
                self.token
            ))
            .await?;
        if ended == 0 {
            return Err(FinishError::LeaseLost);
        }
        tx.commit().await?;
        self.finished.note(WRITTEN);
        Ok(())
    }
}

// === impl JobRows ===

impl JobRows {
    fn are_in(&self, place: Place) -> bool {
        self.db.here() == place
    }

    /// That the lease was not lost.
    async fn check(&self, job: Uuid, token: i64) -> Result<(), FinishError> {
        let mut tx = self.db.begin_host_read(&self.host).await?;
        let leased: i64 = tx
            .fetch_one(kernel_sql!(
                "SELECT count(*) FROM goplt_job WHERE id = ? AND token = ? AND state = 'running'",
                job,
                token
            ))
            .await?;
        if leased == 0 {
            return Err(FinishError::LeaseLost);
        }
        Ok(())
    }
}

// === impl Finished ===

const COMMITTED: u8 = 1;
const WRITTEN: u8 = 2;

impl Finished {
    fn note(&self, what: u8) {
        self.0.store(what, Ordering::Release);
    }

    /// The last transaction is committed.
    pub(super) fn is_committed(&self) -> bool {
        self.0.load(Ordering::Acquire) >= COMMITTED
    }

    /// So is the end of the job, with it.
    pub(super) fn is_written(&self) -> bool {
        self.0.load(Ordering::Acquire) == WRITTEN
    }
}

impl fmt::Debug for JobContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobContext")
            .field("id", &self.id)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}
