//! [`JobContext`]: what a handler knows of its job.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use serde::de::DeserializeOwned;

use crate::{
    Clock, Code, RequestContext, TenantId, Timestamp, Uuid,
    data::{
        DbError, HostTx, TenantTx,
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
    pub(super) finished: Arc<AtomicBool>,
}

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
    /// # Errors
    ///
    /// [`FinishError`]; then nothing was committed.
    pub async fn finish(&self, mut tx: TenantTx) -> Result<(), FinishError> {
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
        self.finished.store(true, Ordering::Release);
        Ok(())
    }

    /// As [`finish`](Self::finish), for work across tenants.
    ///
    /// # Errors
    ///
    /// [`FinishError`]; then nothing was committed.
    pub async fn finish_host(&self, mut tx: HostTx) -> Result<(), FinishError> {
        tx.work_mut().within(&self.request);
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
        self.finished.store(true, Ordering::Release);
        Ok(())
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
