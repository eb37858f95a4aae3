//! [`JobQueue`]: enqueueing, inside the transaction that wants the job.

use serde::Serialize;

use super::JobKey;
use crate::{
    Timestamp, Uuid,
    data::{DbError, TenantTx, kernel::kernel_tenant_sql},
};

/// The way of a job out of a transaction: [`TenantTx::jobs`].
#[derive(Debug)]
#[must_use = "it enqueues nothing until asked to"]
pub struct JobQueue<'tx> {
    tx: &'tx mut TenantTx,
}

/// A job to be enqueued: due at once, until said otherwise.
///
/// # Examples
///
/// ```
/// # const SEND_MAIL: goplt_core::job::JobKey = goplt_core::job::JobKey::__declared("blog", "send_mail", None, None);
/// use goplt_core::job::NewJob;
///
/// let job = NewJob::new(SEND_MAIL).with_payload(&("ada", 7))?.with_unique_key("ada");
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct NewJob {
    key: JobKey,
    payload: String,
    unique_key: Option<String>,
    run_at: Option<Timestamp>,
}

// === impl NewJob ===

impl NewJob {
    /// Of this kind.
    #[must_use]
    pub fn new(key: JobKey) -> Self {
        Self {
            key,
            payload: "null".to_owned(),
            unique_key: None,
            run_at: None,
        }
    }

    /// With what the handler needs to know, as JSON. Names and ids, rather than a copy of data.
    ///
    /// # Errors
    ///
    /// What the payload has no JSON for.
    pub fn with_payload<T: Serialize + ?Sized>(
        mut self,
        payload: &T,
    ) -> Result<Self, serde_json::Error> {
        self.payload = serde_json::to_string(payload)?;
        Ok(self)
    }

    /// Only if the tenant has no unfinished job of this kind with the same key.
    #[must_use]
    pub fn with_unique_key(mut self, key: impl Into<String>) -> Self {
        self.unique_key = Some(key.into());
        self
    }

    /// Not before this time.
    #[must_use]
    pub const fn with_run_at(mut self, at: Timestamp) -> Self {
        self.run_at = Some(at);
        self
    }
}

impl TenantTx {
    /// Enqueues jobs with this transaction: they run if it commits, and only then.
    pub fn jobs(&mut self) -> JobQueue<'_> {
        JobQueue { tx: self }
    }
}

impl JobQueue<'_> {
    /// Enqueues `job` and returns its id; `None` if its unique key is taken.
    ///
    /// # Errors
    ///
    /// A [`DbError`].
    ///
    /// # Cancel safety
    ///
    /// As for [`TenantTx::execute`].
    pub async fn enqueue(self, job: NewJob) -> Result<Option<Uuid>, DbError> {
        let origin = self.tx.origin();
        let scope = origin.scope.clone();
        let id = origin.seams.ids.next();
        let now = origin.seams.clock.now();
        origin.wake.jobs = true;

        let run_at = job.run_at.unwrap_or(now);
        let state = if run_at <= now { "ready" } else { "scheduled" };
        let trace = scope.trace();
        let trace = trace.is_valid().then(|| trace.to_string());
        let enqueued = self
            .tx
            .execute(kernel_tenant_sql!(
                "INSERT INTO goplt_job (id, module, name, payload, unique_slot, state, run_at, attempts, token, \
                 trace, correlation_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?) \
                 ON CONFLICT (tenant_id, module, name, unique_slot) DO NOTHING",
                id,
                job.key.module(),
                job.key.name(),
                job.payload,
                job.unique_key,
                state,
                run_at,
                trace,
                scope.request_id().as_str(),
                now
            ))
            .await?;
        Ok((enqueued > 0).then_some(id))
    }
}
